package voting.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Run by the build, on the JDK that the build found, to tell the script that starts the demo which Java and which class
 * path to use.
 */
final class LaunchFile {

    private LaunchFile() {}

    public static void main(String[] args) throws IOException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java");
        Files.write(Path.of(args[0]), List.of(java.toString(), System.getProperty("java.class.path")));
    }
}
