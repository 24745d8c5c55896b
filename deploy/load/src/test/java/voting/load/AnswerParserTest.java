package voting.load;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerParserTest {

    private final StringBuilder body = new StringBuilder();
    private final AnswerParser parser = new AnswerParser(piece -> body.append(ISO_8859_1.decode(piece)));

    /** Returns how many answers were complete. */
    private int feed(String bytes, int pieceSize) throws IOException {
        var complete = 0;
        for (int at = 0; at < bytes.length(); at += pieceSize) {
            var piece = ByteBuffer.wrap(bytes.substring(at, Math.min(bytes.length(), at + pieceSize))
                    .getBytes(ISO_8859_1));
            while (piece.hasRemaining()) {
                complete += parser.accept(piece) ? 1 : 0;
            }
        }
        return complete;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 1_000})
    void answersAreFoundHoweverTheyAreCut(int pieceSize) throws IOException {
        var complete = feed(
                "HTTP/1.1 303 See Other\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
                        + "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
                        + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;x=y\r\n, worl\r\n1\r\nd\r\n0\r\nTrailer: x\r\n\r\n"
                        + "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n"
                        + "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 1\r\n\r\n!",
                pieceSize);

        assertThat(complete).isEqualTo(5);
        assertThat(body).hasToString("hello, world!");
        assertThat(parser.status()).isEqualTo(503);
        assertThat(parser.isLast()).isTrue();
    }

    @Test
    void endlessBodyIsHandedOnAndNeverComplete() throws IOException {
        var complete = feed("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: 2\n\n", 10);

        assertThat(complete).isZero();
        assertThat(body).hasToString("data: 1\n\ndata: 2\n\n");
    }

    @Test
    void longHeadIsReadAndEndlessHeadIsNot() throws IOException {
        assertThat(feed("HTTP/1.1 200 OK\r\nX: " + "x".repeat(10_000) + "\r\nContent-Length: 0\r\n\r\n", 1_000))
                .isEqualTo(1);
        assertThatThrownBy(() -> feed("HTTP/1.1 200 OK\r\nX: " + "x".repeat(20_000), 1_000))
                .isInstanceOf(IOException.class);
    }

    @Test
    void otherProtocolsAreNotTakenForAnAnswer() {
        assertThatThrownBy(() -> feed("SSH-2.0-OpenSSH_9.6\r\n\r\n", 100))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("SSH-2.0");
    }
}
