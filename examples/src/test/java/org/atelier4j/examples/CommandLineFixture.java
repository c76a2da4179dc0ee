package org.atelier4j.examples;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import picocli.CommandLine;

/**
 * What a command printed and returned.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record CommandLineFixture(int code, String out, String err) {

    /** Runs a command in this JVM; words are separated by single spaces. */
    static CommandLineFixture atelier(String command, Object... more) {
        String[] args = java.util.stream.Stream.concat(
                        Arrays.stream(command.split(" ")), Arrays.stream(more).map(String::valueOf))
                .toArray(String[]::new);
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Atelier.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int code = line.execute(args);
        return new CommandLineFixture(code, out.toString(), err.toString());
    }
}
