package org.atelier4j.examples;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.CudaException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
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
    private static final Pattern CARD = Pattern.compile("cuda(?::(\\d{1,4}))?");

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "cpu",
            scope = ScopeType.INHERIT,
            description = "where to compute: cpu, or cuda, cuda:1, ... for an NVIDIA card (${DEFAULT-VALUE})")
    private String device;

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
        Atelier atelier = new Atelier();
        return unsorted(new CommandLine(atelier))
                .setExecutionStrategy(atelier::onDevice)
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

    /** Runs the command that was asked for where it was asked to compute. */
    private int onDevice(ParseResult parsed) {
        try (DeviceScope there = DeviceScope.open(chosen())) {
            return new RunLast().execute(parsed);
        }
    }

    private Device chosen() {
        Matcher card = CARD.matcher(device);
        CommandLine command = spec.commandLine();
        if (device.equals("cpu")) {
            return Device.cpu();
        }
        if (!card.matches()) {
            throw new ParameterException(command, "--device must be cpu, cuda or cuda:N, got " + device);
        }
        try {
            return Device.cuda(card.group(1) == null ? 0 : Integer.parseInt(card.group(1)));
        } catch (CudaException | IllegalArgumentException e) {
            throw new ExecutionException(command, e.getMessage(), e);
        }
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
                || e instanceof CudaException
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
