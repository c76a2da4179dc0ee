package org.atelier4j.examples;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line: {@code ./atelier quickstart}, {@code train}, {@code sample}, {@code eval}, {@code edit},
 * {@code fetch}, {@code doctor}.
 *
 * <p>Exit codes: 0 done, 1 the work failed (one line says why; with the environment variable {@code ATELIER_TRACE} also
 * where), 2 the command was not understood, 130 stopped by Ctrl-C.
 */
@Command(
        name = "atelier",
        description = "Makes images with neural networks, in Java.",
        mixinStandardHelpOptions = true,
        versionProvider = Atelier.Version.class,
        subcommands = {
            Quickstart.class,
            Train.class,
            Sample.class,
            Eval.class,
            Edit.class,
            Fetch.class,
            Doctor.class,
            CommandLine.HelpCommand.class
        },
        footer = {
            "",
            "First steps:",
            "  atelier quickstart          train for 3 minutes on real images, then draw",
            "  atelier sample              draw with the model that ships with Atelier",
            "  atelier train --help        train your own",
            "  atelier bench               ten minutes of benchmarks, by a program of its own"
        })
public final class Atelier implements Runnable {
    /** Exit code of a run that was asked to stop, as shells count Ctrl-C. */
    static final int INTERRUPTED = 130;

    private static final int WIDTH = 100; // of help texts

    @Spec
    private CommandSpec spec;

    /** Runs a command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        if (System.getProperty("org.slf4j.simpleLogger.defaultLogLevel") == null) {
            System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        }
        System.exit(commandLine().execute(args));
    }

    /** Returns the parser of all commands, which prints every failure as one line. */
    static CommandLine commandLine() {
        return unsorted(new CommandLine(new Atelier()))
                .setUsageHelpWidth(WIDTH)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Atelier::misunderstood)
                .setExecutionExceptionHandler(Atelier::failed);
    }

    /** Lets all commands list their options in the order in which they are written down: what matters most comes first. */
    private static CommandLine unsorted(CommandLine command) {
        command.getCommandSpec().usageMessage().sortOptions(false).sortSynopsis(false);
        command.getSubcommands().values().forEach(Atelier::unsorted);
        return command;
    }

    /** Without a verb: prints what there is. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static int misunderstood(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("atelier: " + e.getMessage());
        UnmatchedArgumentException.printSuggestions(e, err);
        err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        return CommandLine.ExitCode.USAGE;
    }

    private static int failed(Exception e, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        boolean explained = e instanceof IllegalArgumentException
                || e instanceof IllegalStateException
                || e instanceof UncheckedIOException
                || e instanceof RunException;
        err.println("atelier: " + (explained ? e.getMessage() : "this should not happen; please report it"));
        if (!explained || System.getenv("ATELIER_TRACE") != null) {
            e.printStackTrace(err);
        }
        err.flush();
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** Returns the version in the jar's manifest. */
    static String version() {
        String version = Atelier.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }

    /** For {@code --version}. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"atelier " + version()};
        }
    }
}
