package voting.vote;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import redis.clients.jedis.commands.ProtocolCommand;

/** One command about a stream that waits for its confirmation. */
final class Pending {

    private final int stream;
    private final ProtocolCommand command;
    private final byte[][] arguments;
    private final long deadline = System.nanoTime() + BallotAppender.DEADLINE.toNanos();
    private final CompletableFuture<Void> confirmed = new CompletableFuture<>();
    private boolean asks;

    Pending(int stream, ProtocolCommand command, byte[]... arguments) {
        this.stream = stream;
        this.command = command;
        this.arguments = arguments;
    }

    int stream() {
        return stream;
    }

    ProtocolCommand command() {
        return command;
    }

    byte[][] arguments() {
        return arguments;
    }

    /** Whether it is sent to a node that is being given its stream right now, and takes it only when asked to. */
    boolean asks() {
        return asks;
    }

    void setAsks(boolean asks) {
        this.asks = asks;
    }

    /** What nobody waits for any more is not sent: its voter has been told that it was not confirmed. */
    boolean failIfTooLate() {
        return System.nanoTime() - deadline > 0
                && confirmed.completeExceptionally(
                        new BallotNotConfirmedException("Redis is too slow for the number of votes", null));
    }

    void confirm() {
        confirmed.complete(null);
    }

    void fail(Throwable cause) {
        fail(new BallotNotConfirmedException("Redis did not confirm it", cause));
    }

    void fail(BallotNotConfirmedException reason) {
        confirmed.completeExceptionally(reason);
    }

    void await() {
        try {
            confirmed.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw (BallotNotConfirmedException) e.getCause();
        } catch (TimeoutException e) {
            throw new BallotNotConfirmedException("Redis did not confirm it in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BallotNotConfirmedException("interrupted", e);
        }
    }
}
