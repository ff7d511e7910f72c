/// The help of every command as it is to be, letter by letter.
enum HelpTexts {
  struct Help: Sendable {
    var arguments: [String]
    var text: String
  }

  static let all = [
    Help(arguments: [], text: ritz), Help(arguments: ["--help"], text: ritz),
    Help(arguments: ["conditioning", "--help"], text: conditioning),
    Help(arguments: ["dissect", "--help"], text: dissect),
    Help(arguments: ["bound", "--help"], text: bound),
    Help(arguments: ["spectrum", "--help"], text: spectrum), Help(arguments: ["apply", "--help"], text: apply),
    Help(arguments: ["inspect", "--help"], text: inspect), Help(arguments: ["bench", "-h"], text: bench),
    Help(arguments: ["demo", "--help"], text: demo), Help(arguments: ["watch", "--help"], text: watch),
    Help(arguments: ["compare", "--help"], text: compare),
    Help(arguments: ["train", "--help"], text: train), Help(arguments: ["track", "--help"], text: track),
  ]

  /// What every command on a network and data takes.
  private static let objectiveOptions = """
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
    """

  /// The operator of spectrum, apply and inspect, and what is done to it.
  private static let operatorOptions = """
      --operator <name>       hessian, ggn, functional, gradient-second-moment,
                              gradient-covariance, fisher, fisher-mc or ntk; of ggn
                              the part ggn-class, ggn-cross-class, ggn-same-class
                              or ggn-within-class; or the approximation
                              kfac-expand, kfac-reduce, ekfac, decoupled or
                              shampoo. (default: hessian)
    \(operatorChoices)
      --precondition <file.npz>
                              D^1/2 A D^1/2 instead of A: an .npz file with D as
                              one array for each parameter.
      --per <what>            layer or parameter: each diagonal block by itself,
                              all of them in one pass over the data.
    """

  /// What is chosen of an operator beside its name.
  private static let operatorChoices = """
      --fisher-draws <k>      Labels drawn for each sample, for fisher-mc and
                              approximations of it. (default: 1)
      --kronecker-source <name>
                              What kfac-expand, kfac-reduce, ekfac and decoupled
                              approximate: ggn, fisher-mc or
                              gradient-second-moment. (default: ggn)
      --ekfac-basis <name>    The K-FAC whose eigenvectors ekfac takes: expand or
                              reduce. (default: expand)
      --shampoo-exponent <e>  e, for shampoo: its preconditioner is L^-e x R^-e.
                              (default: 0.25)
      --shampoo-batch <n>     Samples of the batches whose gradients shampoo takes.
                              (default: 1)
    """

  /// What spectrum measures, and inspect forecasts.
  private static let quantityOptions = """
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
    """

  /// What train and track measure.
  private static let observationOptions = """
      --observe-top <k>       The K largest eigenpairs, followed from point to
                              point. (default: 10)
      --observe-bottom <k>    The K smallest eigenpairs. (default: 0)
      --observe-density <probesxsteps>
                              The density, with so many probes and Lanczos steps,
                              such as 1x90.
      --observe-trace <n>     The trace from N random probes; with a density it
                              costs nothing.
      --observe-operator <name>
                              hessian, ggn, functional, fisher or
                              gradient-second-moment. (default: hessian)
      --observe-samples <n>   Measure on this many samples; 0 for all. (default:
                              1000)
      --observe-layers <k>    The K largest eigenvalues of every layer's block.
      --observe-data-groups <g>
                              Errors over the data of density and eigenvalues, by
                              leaving out each of G groups of samples.
      --observe-batches <n>   Draw N mini-batches: the fraction of their gradients
                              in the leading eigenspace, and the change of the loss
                              they make. (default: 0)
      --observe-loss-change   Predict and observe the change of the loss in a step.
      --observe-directions    Follow each leading eigendirection by the noisy
                              quadratic model.
      --observe-tolerance <t> Residual tolerance relative to the largest
                              |eigenvalue|. (default: 0.001)
      --observe-max-products <n>
                              Products of one search for eigenpairs, at most.
      --observe-batch-norm <modes>
                              Ways of batch normalisation to measure side by side:
                              batch,running,population,population-differentiated.
      --observe-batch-norm-group <n>
                              Samples of the groups whose statistics the mode batch
                              takes; by default all that are measured on.
    """

  /// At the end of every command.
  private static let lastOptions = """
      --version               Show the version.
      -h, --help              Show help information.
    """

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
    \(lastOptions)

    SUBCOMMANDS:
      spectrum                Measures eigenvalues, density and trace of a
                              network's Hessian and its relatives.
      train                   Trains a network and measures its curvature meanwhile.
      track                   Measures how curvature changes over checkpoints of a
                              training made elsewhere.
      watch                   Shows a training run in a browser while it grows.
      compare                 Shows several training runs on one page.
      conditioning            Studies what the condition number of the Gauss-Newton
                              matrix depends on.
      dissect                 Takes the curvature of one or several models apart by
                              layers.
      bound                   Bounds the error of a network on fresh data.
      apply                   Computes operator-vector products, for other tools.
      inspect                 Shows what is in a model, and what a run on it will
                              need.
      bench                   Times gradients and products on a network and data.
      demo                    Trains a small network on the embedded digits and
                              measures its Hessian and Gauss-Newton matrix.

      See 'ritz help <subcommand>' for detailed help.
    """

  private static let dissect = """
    OVERVIEW: Takes the curvature of one or several models apart by layers.

    A MODEL is a .pt2 file, a built-in network, the directory of a 'ritz train' run
    (its last checkpoint), a .safetensors file, or a directory of checkpoints, each
    of which is a model. Leading eigenspaces of every layer's block are compared
    between models, operators and with the Kronecker product of the layer's
    factors. Without --data every MODEL is a run, measured on the data it was
    trained on. Leaves a directory with result.json, arrays.npz, figures and
    report.html. What was stopped goes on with --resume DIR behind the last layer
    that was done.

    USAGE: ritz dissect [<options>] [<models> ...]

    ARGUMENTS:
      <models>                Models, runs, checkpoints or directories of
                              checkpoints.

    OPTIONS:
      --network <model>       The network whose arrays .safetensors files hold: a
                              built-in one or a .pt2 file.
    \(objectiveOptions)
      --operators <names>     Operators by the names of 'ritz spectrum', joined by
                              commas; the first is shown in most detail. (default:
                              hessian,ggn,gradient-second-moment,gradient-covariance)
      --approximations <names>
                              Kronecker approximations to judge beside the
                              decoupled one: kfac-expand, kfac-reduce, ekfac,
                              shampoo, or none. (default: kfac-reduce,ekfac,shampoo)
    \(operatorChoices)
      --top <k>               The K largest eigenpairs of each block. (default: 20)
      --tolerance <t>         Residual tolerance relative to a block's largest
                              eigenvalue. (default: 0.001)
      --max-products <n>      Products to spend on the eigenpairs of a block at
                              most.
      --factor-vectors <j>    Eigenvectors of each factor to hold eigenvectors
                              against. (default: 20)
      --probes <n>            Random vectors for the errors of approximations.
                              (default: 8)
      --damping <d>           Damping of inverses, relative to a block's largest
                              eigenvalue. (default: 0.01)
      --bias                  Take each layer's bias into its block.
      --label-noise <p>       Replace this fraction of the labels of --data, fixed
                              by the seed.
      --vectors               Store the eigenvectors in arrays.npz.
      --output <dir>          The directory to leave results in. (default:
                              runs/dissect)
      --resume <dir>          Finish the dissection that was begun in this
                              directory.
      --json                  Print result.json instead of a summary.
      --strict                End with exit code 3 where an eigenpair did not
                              converge.
      --quiet                 Say nothing on standard error.
    \(lastOptions)

    """

  private static let compare = """
    OVERVIEW: Shows several training runs on one page.

    A RUN is the --output directory of 'ritz train' or 'ritz track'. The page has
    their densities at the start, in the middle and at the end over each other,
    what they measured as tables and over the steps, and the settings they differ
    in. It is one file that needs no other.

    USAGE: ritz compare [<run> ...] [--output <file>]

    ARGUMENTS:
      <run>                   The directories of two runs or more.

    OPTIONS:
      --output <file>         The file to write. (default: comparison.html)
    \(lastOptions)

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
    \(lastOptions)

    """

  private static let train = """
    OVERVIEW: Trains a network and measures its curvature meanwhile.

    Leaves the directory of a run: history.jsonl with a line for every step,
    evaluation and measurement, checkpoints in the safetensors format, report.html
    and result.json. 'ritz watch DIR' shows it while it grows. A run that was
    stopped or killed goes on with --resume DIR and ends with the same bits.

    USAGE: ritz train [<options>] [<model>]

    ARGUMENTS:
      <model>                 A .pt2 file, or a built-in network such as resnet20.

    OPTIONS:
    \(objectiveOptions)
      --optimizer <name>      sgd, heavy-ball, nesterov, adam, adamw, rmsprop,
                              gauss-newton, adahessian, sophia or sam. (default:
                              sgd)
      --learning-rate <eta>   The learning rate; by default one that suits the
                              optimiser.
      --schedule <how>        constant, step:30,60 (epochs), step:30,60@0.1, cosine
                              or cosine:0.01. (default: constant)
      --warm-up <n>           Steps of linear warm-up. (default: 0)
      --epochs <n>            Passes over the data.
      --steps <n>             Steps, instead of epochs.
      --batch <n>             Samples of a step, or 'all'. (default: 128)
      --momentum <beta>       Of heavy-ball, nesterov and sam.
      --betas <b1,b2>         Of adam and its like; the second alone of rmsprop.
      --epsilon <e>           Of adam and its like.
      --radius <rho>          Of sam.
      --damping <mu>          That gauss-newton begins with.
      --solver-products <n>   Products of a gauss-newton step, at most.
      --estimator <name>      Of sophia: hutchinson or gauss-newton-bartlett.
      --weight-decay <lambda> Weight decay. (default: 0.0)
      --decay <how>           coupled (part of the gradient) or decoupled; by
                              default as the optimiser's source has it.
      --clip <norm>           Shorten gradients to this norm.
      --augment <how>         Of images: flip, crop=4 or flip,crop=4.
      --label-noise <p>       Replace this fraction of the labels, fixed by the
                              seed. (default: 0.0)
      --label-seed <n>        Seed of the labels replaced; by default --seed.
      --one-hot               Take labels as unit vectors, for losses of real
                              targets.
      --batch-norm-momentum <m>
                              Weight of the newest batch in running averages.
                              (default: 0.1)
      --validation <split>    Evaluate this split of the data, train or test, as
                              training goes on.
      --validation-epochs <n> Epochs between two evaluations. (default: 1)
      --checkpoint-every <n>  Steps between two checkpoints; by default an epoch.
      --store-every <n>       Steps between two stored states; by default 20
                              seconds.
      --observe <when>        Observe curvature at steps:N, epochs:N, log:N (a
                              decade), spikes or ends, joined by commas.
      --observe-budget <part> Observations' part of the training's work, at most,
                              such as 20%.
    \(observationOptions)
      --output <dir>          The directory to leave results in.
      --resume <dir>          Finish the run that was begun in this directory.
      --overwrite             Replace the run that the directory holds.
      --quiet                 Say nothing on standard error.
    \(lastOptions)

    """

  private static let track = """
    OVERVIEW: Measures how curvature changes over checkpoints of a training made
    elsewhere.

    DIR holds .pt2 files (torch.export.save), or .safetensors files of the network
    named with --network; they are taken in the natural order of their names, the
    last number of a name being its step. Leaves the directory of a run, with
    report.html.

    USAGE: ritz track [<options>] <dir>

    ARGUMENTS:
      <dir>                   The directory of the checkpoints.

    OPTIONS:
      --network <model>       The network whose arrays .safetensors files hold: a
                              built-in one or a .pt2 file.
    \(objectiveOptions)
    \(observationOptions)
      --learning-rate <eta>   The learning rate the training had, for its edge and
                              for predicted changes of the loss.
      --optimizer <name>      gd, heavy-ball or nesterov: whose edge the sharpness
                              is held against. (default: gd)
      --momentum <beta>       Of heavy-ball and nesterov. (default: 0.9)
      --batch <n>             Samples of the training's mini-batches.
      --output <dir>          The directory to leave results in.
      --quiet                 Say nothing on standard error.
    \(lastOptions)

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
    \(lastOptions)

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
    \(objectiveOptions)
    \(operatorOptions)
    \(quantityOptions)
      --output <dir>          The directory to leave results in.
      --resume <dir>          Finish the run that was begun in this directory.
      --json                  Print result.json instead of a summary.
      --strict                End with exit code 3 where an eigenpair did not
                              converge.
      --quiet                 Say nothing on standard error.
    \(lastOptions)

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
    \(objectiveOptions)
    \(operatorOptions)
      --vector <file.npz>     The vectors.
      --output <file.npz>     The file to write.
      --json                  Print the loss and the norms as JSON.
    \(lastOptions)

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
    \(objectiveOptions)
    \(operatorOptions)
    \(quantityOptions)
      --json                  Print JSON.
    \(lastOptions)

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
    \(objectiveOptions)
      --runs <n>              Runs of each quantity; the median counts. (default: 7)
      --what <list>           Quantities, separated by commas; all where not given.
    \(lastOptions)

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
    \(lastOptions)

    """

  private static let bound = """
    OVERVIEW: Bounds the error of a network on fresh data.

    Trains the network, then a normal distribution of weights around what came out
    that makes a PAC-Bayes bound small (Dziugaite and Roy 2017), with variances in
    the coordinates of the weights or of a layer's eigenvectors (Wu et al. 2020).
    Every constant and assumption is printed, the error of the Monte-Carlo estimate
    is inside the bound, and measures of sharpness stand beside it.

    MODEL at the parameters it comes with is the mean of the prior, which must not
    depend on the data: built-in networks are drawn by the seed. Leaves report.html
    and result.json in a directory. A run that was stopped or killed goes on with
    --resume DIR and ends with the same bits.

    USAGE: ritz bound [<options>] [<model>]

    ARGUMENTS:
      <model>                 A built-in network such as mlp:784-600-1, or a .pt2
                              file.

    OPTIONS:
    \(objectiveOptions)
      --binary                Make two classes: labels in the lower half are 0, in
                              the upper half 1; for --loss bce.
      --random-labels         Replace all labels by random ones, fixed by the seed.
      --weights <file>        Begin at these weights (.safetensors of 'ritz train')
                              instead of training.
      --zero-prior            Take 0 as the prior's mean, for a MODEL whose
                              parameters are trained.
      --start-epochs <n>      Epochs of training before, by heavy ball. (default:
                              20.0)
      --start-rate <eta>      Its learning rate. (default: 0.01)
      --start-momentum <beta> Its momentum. (default: 0.9)
      --basis <names>         standard, kronecker, exact, or several joined by
                              commas. (default: standard)
      --refresh <n>           Compute the basis anew every n epochs, at the mean as
                              it is then.
      --deviations <how>      Deviations to begin with: curvature (best for the
                              quadratic model) or weights (their sizes). (default:
                              curvature)
      --epochs <n>            Epochs of training the posterior, in each basis.
                              (default: 200.0)
      --learning-rate <eta>   The learning rate of RMSprop. (default: 0.0005)
      --schedule <how>        constant, step:30,60@0.1 (epochs), cosine or
                              cosine:0.01. (default: cosine:0.01)
      --batch <n>             Samples of a step. (default: 100)
      --draws <n>             Draws of weights, each with a batch of its own; by
                              default 50000, with --whole-draws 500.
      --whole-draws           Evaluate every draw on all samples.
      --test-draws <n>        Draws of weights for the error on the test set; 0 for
                              none. (default: 100)
      --delta <p>             The probability with which the bound may fail.
                              (default: 0.025)
      --estimate-delta <p>    The same of the Monte-Carlo estimate. (default: 0.01)
      --grid-scale <c>        c of the prior's variances c exp(-j/b). (default: 0.1)
      --grid-precision <b>    b of the prior's variances. (default: 100.0)
      --sharpness-samples <n> Samples to measure sharpness on, the first ones; 0
                              for none. (default: 2000)
      --output <dir>          The directory to leave results in.
      --resume <dir>          Finish the run that was begun in this directory.
      --json                  Print result.json instead of a summary.
      --quiet                 Say nothing on standard error.
    \(lastOptions)

    """
}
