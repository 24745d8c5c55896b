package voting.load;

import voting.load.Request.Kind;

/** Per cent of all requests. */
record Mix(int newVotes, int changedVotes, int pages, int results) {

    Mix {
        if (newVotes + changedVotes + pages + results != 100) {
            throw new LoadException(
                    "NEW, CHANGED, PAGES and RESULTS are percentages and must add up to 100, not to %d.",
                    newVotes + changedVotes + pages + results);
        }
    }

    Kind kindAt(double percent) {
        if (percent < newVotes) {
            return Kind.NEW_VOTE;
        }
        if (percent < newVotes + changedVotes) {
            return Kind.CHANGED_VOTE;
        }
        return percent < newVotes + changedVotes + pages ? Kind.PAGE : Kind.RESULT;
    }
}
