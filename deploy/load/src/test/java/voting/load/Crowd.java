package voting.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Connections that want nothing, or hardly anything, of a server: each sends the next byte of its request at each beat,
 * or none at all. One that the server closes is opened again, so that there are always as many.
 */
final class Crowd implements AutoCloseable {

    private final InetSocketAddress address;
    private final int size;
    private final byte[] request;
    private final Duration beat;
    private final Thread thread;
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger standing = new AtomicInteger();
    private volatile boolean closed;
    private volatile Throwable failure;

    private static final class Member {
        private final SocketChannel channel;
        private int sent;

        private Member(SocketChannel channel) {
            this.channel = channel;
        }
    }

    private Crowd(Endpoint server, int size, byte[] request, Duration beat) {
        this.address = server.address();
        this.size = size;
        this.request = request;
        this.beat = beat;
        this.thread = Thread.ofPlatform()
                .name("crowd")
                .daemon()
                .uncaughtExceptionHandler((ended, e) -> failure = e)
                .start(this::run);
    }

    static Crowd idle(Endpoint server, int size) {
        return new Crowd(server, size, new byte[0], Duration.ofSeconds(1));
    }

    static Crowd aByteASecond(Endpoint server, int size, byte[] request) {
        return new Crowd(server, size, request, Duration.ofSeconds(1));
    }

    /** How many the server, or the queue in front of it, has taken. */
    int standing() {
        return standing.get();
    }

    int opened() {
        return opened.get();
    }

    /** Fails when it went away before: what was tested then was no crowd. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw new IllegalStateException("The crowd went away", failure);
        }
    }

    private void run() {
        Queue<Member> members = new ArrayDeque<>();
        try {
            while (!closed) {
                for (int i = members.size(); i > 0; i--) {
                    var member = members.remove();
                    if (isThere(member)) {
                        members.add(member);
                    } else {
                        member.channel.close();
                    }
                }
                standing.set((int) members.stream()
                        .filter(member -> member.channel.isConnected())
                        .count());
                while (members.size() < size && !closed) {
                    members.add(open());
                }
                Thread.sleep(beat);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new IllegalStateException("The crowd cannot go on", e);
        } finally {
            members.forEach(Crowd::leave);
        }
    }

    private Member open() throws IOException {
        var channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.connect(address);
        opened.incrementAndGet();
        return new Member(channel);
    }

    private boolean isThere(Member member) {
        try {
            if (!member.channel.finishConnect()) {
                return true; // still in the queue
            }
            if (member.sent < request.length) {
                member.channel.write(ByteBuffer.wrap(request, member.sent++, 1));
            }
            return member.channel.read(ByteBuffer.allocate(1_024)) >= 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static void leave(Member member) {
        try {
            member.channel.close();
        } catch (IOException e) {
            // Gone either way.
        }
    }
}
