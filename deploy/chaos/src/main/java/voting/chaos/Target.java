package voting.chaos;

/** What a fault can strike: a part of the system, or the connections of one part to another. */
enum Target {
    VOTE(Use.VOTING),
    WORKER(Use.COUNTING),
    BEAT(Use.AUDITING),
    RESULT(Use.SHOWING),
    REDIS(Use.VOTING),
    POSTGRES(Use.COUNTING),
    NGINX(Use.VOTING),
    VOTER_TO_VOTE(Use.VOTING),
    VOTE_TO_REDIS(Use.VOTING),
    WORKER_TO_REDIS(Use.COUNTING),
    WORKER_TO_POSTGRES(Use.COUNTING),
    RESULT_TO_POSTGRES(Use.SHOWING);

    private final Use use;

    Target(Use use) {
        this.use = use;
    }

    /** What cannot be done while it is struck. */
    Use use() {
        return use;
    }

    @Override
    public String toString() {
        return name().toLowerCase().replace("_to_", " -> ");
    }
}
