/// The help of every command as it is to be, letter by letter.
enum HelpTexts {
  struct Help: Sendable {
    var arguments: [String]
    var text: String
  }

  static let all = [
    Help(arguments: [], text: ritz), Help(arguments: ["--help"], text: ritz),
    Help(arguments: ["conditioning", "--help"], text: conditioning),
    Help(arguments: ["spectrum", "--help"], text: spectrum), Help(arguments: ["apply", "--help"], text: apply),
    Help(arguments: ["inspect", "--help"], text: inspect), Help(arguments: ["bench", "-h"], text: bench),
    Help(arguments: ["demo", "--help"], text: demo), Help(arguments: ["watch", "--help"], text: watch),
  ]

  private static let ritz = """
    OVERVIEW: Measures the curvature of neural networks.

    Given a trained network, data and a loss, computes the eigenvalue density,
    leading and trailing eigenpairs and trace of the Hessian or the Gauss-Newton
    matrix without ever forming it.

    Exit codes: 0 done; 1 the input is at fault; 2 wrong usage; 3 done but not
    converged, with --strict; 130 interrupted (go on with --resume, or with the
    same command).

    USAGE: ritz <subcommand>

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    SUBCOMMANDS:
      spectrum                Measures eigenvalues, density and trace of a
                              network's Hessian and its relatives.
      train                   Trains a network and measures its curvature meanwhile.
      track                   Measures how curvature changes over checkpoints of a
                              training made elsewhere.
      watch                   Shows a training run in a browser while it grows.
      conditioning            Studies what the condition number of the Gauss-Newton
                              matrix depends on.
      apply                   Computes operator-vector products, for other tools.
      inspect                 Shows what is in a model, and what a run on it will
                              need.
      bench                   Times gradients and products on a network and data.
      demo                    Trains a small network on the embedded digits and
                              measures its Hessian and Gauss-Newton matrix.

      See 'ritz help <subcommand>' for detailed help.
    """

  private static let watch = """
    OVERVIEW: Shows a training run in a browser while it grows.

    RUN is the --output directory of 'ritz train' or 'ritz track'. Only this
    machine can open the page, and it can only be read. It follows the run until
    Ctrl-C; --once leaves the page as one file, report.html, in the run's directory.

    USAGE: ritz watch <run> [--port <n>] [--once] [--quiet]

    ARGUMENTS:
      <run>                   The directory of a run.

    OPTIONS:
      --port <n>              The port to listen on; 0 takes any that is free.
                              (default: 8088)
      --once                  Write report.html and end.
      --quiet                 Say nothing on standard error.
      --version               Show the version.
      -h, --help              Show help information.

    """

  private static let conditioning = """
    OVERVIEW: Studies what the condition number of the Gauss-Newton matrix depends
    on.

    A STUDY is a YAML file, the name of a built-in study (--list), or 'all';
    --print shows one to copy and change. Leaves a directory with report.html,
    result.json and figures as SVG, PDF and CSV. What was measured is kept, so that
    a study that was stopped or extended goes on where it was.

    USAGE: ritz conditioning [<study> ...] [--output <dir>] [--data <name=dir> ...] [--seeds <n>] [--workers <n>] [--cache <dir>] [--list] [--print <name>] [--json] [--quiet]

    ARGUMENTS:
      <study>                 YAML files, built-in studies, or 'all'.

    OPTIONS:
      --output <dir>          The directory to leave results in. (default:
                              runs/conditioning)
      --data <name=dir>       Where the data of a name are: mnist=DIR, cifar10=DIR.
                              May be repeated.
      --seeds <n>             Seeds to draw each network with, instead of those of
                              the study.
      --workers <n>           Worker threads; the numbers do not depend on it.
      --cache <dir>           Where measurements are kept; by default 'cells' in
                              the output.
      --list                  List the built-in studies.
      --print <name>          Print a built-in study.
      --json                  Print result.json instead of a summary.
      --quiet                 Say nothing on standard error.
      --version               Show the version.
      -h, --help              Show help information.

    """

  private static let spectrum = """
    OVERVIEW: Measures eigenvalues, density and trace of a network's Hessian and
    its relatives.

    With no choice of quantities: the density, the 10 largest and 5 smallest
    eigenpairs and the trace. Leaves a directory with result.json, arrays.npz,
    figures and report.html.

    USAGE: ritz spectrum [<options>] [<model>]

    ARGUMENTS:
      <model>                 A .pt2 file, or a built-in network such as
                              mlp:784-200-10.

    OPTIONS:
      --data <path>           Data: an .npz file with x and y, a directory of IDX,
                              CIFAR-10 or NPY files, or 'digits'.
      --loss <name>           cross-entropy, squared-error, mse, bce or output.
      --split <name>          train or test, where the data has both.
      --samples <n>           Use this many samples: the first ones, or 'N,random'
                              for a subset drawn with the seed.
      --standardise <how>     automatic, none, unit, mean-std or MEAN,STD.
                              (default: automatic)
      --params <regex>        Restrict to parameters in whose name this regular
                              expression matches.
      --batch-norm <mode>     Statistics of batch normalisation: running, batch,
                              population or population-differentiated; by default
                              the model's own way.
      --batch-norm-group <n>  Samples that batch statistics are taken over; by
                              default all.
      --init <name>           Initialiser of a built-in network.
      --skip <beta>           Skip connections of this strength in 'linear'.
      --precision <name>      single or double; by default double up to 200,000
                              parameters.
      --seed <n>              Seed of every random stream. (default: 0)
      --workers <n>           Worker threads; the bits do not depend on it.
      --microbatch <n>        Samples of a microbatch.
      --operator <name>       hessian, ggn, functional, gradient-second-moment,
                              gradient-covariance, fisher, fisher-mc or ntk; or of
                              ggn the part ggn-class, ggn-cross-class,
                              ggn-same-class or ggn-within-class. (default: hessian)
      --fisher-draws <k>      Labels drawn for each sample, for fisher-mc.
                              (default: 1)
      --precondition <file.npz>
                              D^1/2 A D^1/2 instead of A: an .npz file with D as
                              one array for each parameter.
      --per <what>            layer or parameter: each diagonal block by itself,
                              all of them in one pass over the data.
      --top <k>               The K largest eigenpairs.
      --bottom <k>            The K smallest eigenpairs.
      --density               The spectral density.
      --exact                 All eigenvalues, from the dense matrix (small
                              networks).
      --trace <method>        The trace by quadrature (with the density),
                              hutchinson or hutch++.
      --diagonal <n>          The diagonal: exact where known, else from N random
                              probes.
      --condition             The condition number of ggn, fisher or ntk, with its
                              rank.
      --condition-route <name>
                              automatic, singular-values, dual or krylov. (default:
                              automatic)
      --block-mass <n>        With --per: random probes of the mass between the
                              blocks.
      --tolerance <t>         Residual tolerance relative to the largest
                              |eigenvalue|.
      --block <n>             Vectors the eigensolver multiplies at once. (default:
                              1)
      --max-products <n>      Products the eigensolver may spend.
      --probes <n>            Random probes of the density. (default: 10)
      --steps <n>             Lanczos steps of each probe. (default: 90)
      --sigma <s>             Standard deviation of the density's kernel.
      --compatible <tool>     'google' for the density as google/spectral-density
                              defines it.
      --trace-probes <n>      Random probes of the trace. (default: 30)
      --output <dir>          The directory to leave results in.
      --resume <dir>          Finish the run that was begun in this directory.
      --json                  Print result.json instead of a summary.
      --strict                End with exit code 3 where an eigenpair did not
                              converge.
      --quiet                 Say nothing on standard error.
      --version               Show the version.
      -h, --help              Show help information.

    """

  private static let apply = """
    OVERVIEW: Computes operator-vector products, for other tools.

    Reads vectors from an .npz file with one array for each parameter, of the
    parameter's shape, or with a leading axis for several vectors; for ntk and
    jacobian-transpose with the one array 'outputs', of all samples. Writes loss,
    gradient/<name> and product/<name> to the output; product/outputs for ntk and
    jacobian.

    Further operators here: jacobian and jacobian-transpose.

    USAGE: ritz apply [<options>] <model> --output <file.npz>

    ARGUMENTS:
      <model>                 A .pt2 file, or a built-in network such as
                              mlp:784-200-10.

    OPTIONS:
      --data <path>           Data: an .npz file with x and y, a directory of IDX,
                              CIFAR-10 or NPY files, or 'digits'.
      --loss <name>           cross-entropy, squared-error, mse, bce or output.
      --split <name>          train or test, where the data has both.
      --samples <n>           Use this many samples: the first ones, or 'N,random'
                              for a subset drawn with the seed.
      --standardise <how>     automatic, none, unit, mean-std or MEAN,STD.
                              (default: automatic)
      --params <regex>        Restrict to parameters in whose name this regular
                              expression matches.
      --batch-norm <mode>     Statistics of batch normalisation: running, batch,
                              population or population-differentiated; by default
                              the model's own way.
      --batch-norm-group <n>  Samples that batch statistics are taken over; by
                              default all.
      --init <name>           Initialiser of a built-in network.
      --skip <beta>           Skip connections of this strength in 'linear'.
      --precision <name>      single or double; by default double up to 200,000
                              parameters.
      --seed <n>              Seed of every random stream. (default: 0)
      --workers <n>           Worker threads; the bits do not depend on it.
      --microbatch <n>        Samples of a microbatch.
      --operator <name>       hessian, ggn, functional, gradient-second-moment,
                              gradient-covariance, fisher, fisher-mc or ntk; or of
                              ggn the part ggn-class, ggn-cross-class,
                              ggn-same-class or ggn-within-class. (default: hessian)
      --fisher-draws <k>      Labels drawn for each sample, for fisher-mc.
                              (default: 1)
      --precondition <file.npz>
                              D^1/2 A D^1/2 instead of A: an .npz file with D as
                              one array for each parameter.
      --per <what>            layer or parameter: each diagonal block by itself,
                              all of them in one pass over the data.
      --vector <file.npz>     The vectors.
      --output <file.npz>     The file to write.
      --json                  Print the loss and the norms as JSON.
      --version               Show the version.
      -h, --help              Show help information.

    """

  private static let inspect = """
    OVERVIEW: Shows what is in a model, and what a run on it will need.

    USAGE: ritz inspect [<options>] <model>

    ARGUMENTS:
      <model>                 A .pt2 file, or a built-in network such as
                              mlp:784-200-10.

    OPTIONS:
      --plan                  Forecast peak memory and time of 'ritz spectrum' with
                              the same flags (those below).
      --data <path>           Data: an .npz file with x and y, a directory of IDX,
                              CIFAR-10 or NPY files, or 'digits'.
      --loss <name>           cross-entropy, squared-error, mse, bce or output.
      --split <name>          train or test, where the data has both.
      --samples <n>           Use this many samples: the first ones, or 'N,random'
                              for a subset drawn with the seed.
      --standardise <how>     automatic, none, unit, mean-std or MEAN,STD.
                              (default: automatic)
      --params <regex>        Restrict to parameters in whose name this regular
                              expression matches.
      --batch-norm <mode>     Statistics of batch normalisation: running, batch,
                              population or population-differentiated; by default
                              the model's own way.
      --batch-norm-group <n>  Samples that batch statistics are taken over; by
                              default all.
      --init <name>           Initialiser of a built-in network.
      --skip <beta>           Skip connections of this strength in 'linear'.
      --precision <name>      single or double; by default double up to 200,000
                              parameters.
      --seed <n>              Seed of every random stream. (default: 0)
      --workers <n>           Worker threads; the bits do not depend on it.
      --microbatch <n>        Samples of a microbatch.
      --operator <name>       hessian, ggn, functional, gradient-second-moment,
                              gradient-covariance, fisher, fisher-mc or ntk; or of
                              ggn the part ggn-class, ggn-cross-class,
                              ggn-same-class or ggn-within-class. (default: hessian)
      --fisher-draws <k>      Labels drawn for each sample, for fisher-mc.
                              (default: 1)
      --precondition <file.npz>
                              D^1/2 A D^1/2 instead of A: an .npz file with D as
                              one array for each parameter.
      --per <what>            layer or parameter: each diagonal block by itself,
                              all of them in one pass over the data.
      --top <k>               The K largest eigenpairs.
      --bottom <k>            The K smallest eigenpairs.
      --density               The spectral density.
      --exact                 All eigenvalues, from the dense matrix (small
                              networks).
      --trace <method>        The trace by quadrature (with the density),
                              hutchinson or hutch++.
      --diagonal <n>          The diagonal: exact where known, else from N random
                              probes.
      --condition             The condition number of ggn, fisher or ntk, with its
                              rank.
      --condition-route <name>
                              automatic, singular-values, dual or krylov. (default:
                              automatic)
      --block-mass <n>        With --per: random probes of the mass between the
                              blocks.
      --tolerance <t>         Residual tolerance relative to the largest
                              |eigenvalue|.
      --block <n>             Vectors the eigensolver multiplies at once. (default:
                              1)
      --max-products <n>      Products the eigensolver may spend.
      --probes <n>            Random probes of the density. (default: 10)
      --steps <n>             Lanczos steps of each probe. (default: 90)
      --sigma <s>             Standard deviation of the density's kernel.
      --compatible <tool>     'google' for the density as google/spectral-density
                              defines it.
      --trace-probes <n>      Random probes of the trace. (default: 30)
      --json                  Print JSON.
      --version               Show the version.
      -h, --help              Show help information.

    """

  private static let bench = """
    OVERVIEW: Times gradients and products on a network and data.

    Prints one JSON line for each quantity, the median of several runs after one
    that is not counted: forward, gradient, hvp (nothing kept between products),
    hvp_kept (the linearisation kept), ggnvp, ggnvp_kept, and density_10x90
    (Lanczos with 10 probes of 90 steps) where it is asked for or takes less than a
    minute.

    USAGE: ritz bench [<options>] <model>

    ARGUMENTS:
      <model>                 A .pt2 file, or a built-in network such as
                              mlp:784-200-10.

    OPTIONS:
      --data <path>           Data: an .npz file with x and y, a directory of IDX,
                              CIFAR-10 or NPY files, or 'digits'.
      --loss <name>           cross-entropy, squared-error, mse, bce or output.
      --split <name>          train or test, where the data has both.
      --samples <n>           Use this many samples: the first ones, or 'N,random'
                              for a subset drawn with the seed.
      --standardise <how>     automatic, none, unit, mean-std or MEAN,STD.
                              (default: automatic)
      --params <regex>        Restrict to parameters in whose name this regular
                              expression matches.
      --batch-norm <mode>     Statistics of batch normalisation: running, batch,
                              population or population-differentiated; by default
                              the model's own way.
      --batch-norm-group <n>  Samples that batch statistics are taken over; by
                              default all.
      --init <name>           Initialiser of a built-in network.
      --skip <beta>           Skip connections of this strength in 'linear'.
      --precision <name>      single or double; by default double up to 200,000
                              parameters.
      --seed <n>              Seed of every random stream. (default: 0)
      --workers <n>           Worker threads; the bits do not depend on it.
      --microbatch <n>        Samples of a microbatch.
      --runs <n>              Runs of each quantity; the median counts. (default: 7)
      --what <list>           Quantities, separated by commas; all where not given.
      --version               Show the version.
      -h, --help              Show help information.

    """

  private static let demo = """
    OVERVIEW: Trains a small network on the embedded digits and measures its
    Hessian and Gauss-Newton matrix.

    Takes a few seconds and needs no files.

    USAGE: ritz demo [--output <dir>] [--workers <n>] [--training-steps <n>] [--seed <n>] [--json] [--quiet]

    OPTIONS:
      --output <dir>          The directory to leave results in. (default:
                              runs/demo)
      --workers <n>           Worker threads.
      --training-steps <n>    Steps of momentum descent. (default: 80)
      --seed <n>              Seed of every random stream. (default: 0)
      --json                  Print result.json instead of a summary.
      --quiet                 Say nothing on standard error.
      --version               Show the version.
      -h, --help              Show help information.

    """
}
