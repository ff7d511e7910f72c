import Ritz
import TestSupport
import Testing

/// The Swift of README.md, word for word: `.ci/documentation` compares them.
@Suite struct ReadmeTests {
  @Test func spectrumOfANetwork() throws {
    let network = try Network(input: [8, 8], seed: 1) {
      Flatten()
      Dense(64, 12)
      Tanh()
      Dense(12, 10)
    }
    let digits = try Dataset.load("digits", options: DatasetOptions(samples: 300, standardisation: .meanDeviation))
    let pool = WorkerPool(count: WorkerPool.processorCount)
    let untrained = try Objective<Double>(network: network, dataset: digits, loss: .crossEntropy, pool: pool)
    let descent = MomentumDescent(learningRate: 0.1, momentum: 0.9, steps: 50)
    let objective = try untrained.at(descent.train(untrained))

    // The five largest eigenpairs of the Hessian, each with a bound on its error.
    let hessian = try objective.hessian()
    var solver = try EigenpairSolver(space: hessian.space, options: EigenpairOptions(top: 5))
    while !solver.isFinished { try solver.step(hessian) }
    let pairs = try solver.eigenpairs(hessian)
    for pair in pairs.top { print(pair.value, "±", pair.errorBound, pair.converged) }

    // The density of all others, with a confidence band, and the trace with its standard error.
    var quadrature = try StochasticLanczosQuadrature(
      space: hessian.space, options: QuadratureOptions(probes: 10, steps: 60),
      deflatedValues: pairs.top.map(\.value), deflatedVectors: pairs.top.map(\.vector))
    let sample = try quadrature.run(hessian)
    let density = try SpectralDensity(sample)
    let trace = try sample.trace()
    print(density.grid.count, density.band?.lower.max() ?? 0, trace.value, "±", trace.standardError ?? .infinity)

    // An operator of your own: what the Gauss-Newton matrix G leaves out of the Hessian, H − G.
    let gaussNewton = try objective.gaussNewton()
    let remainder = ClosureOperator(space: hessian.space) { vectors in
      var products = try hessian.apply(vectors)
      for (index, product) in try gaussNewton.apply(vectors).enumerated() {
        hessian.space.axpy(-1, product, &products[index])
      }
      return products
    }
    var search = try EigenpairSolver(space: remainder.space, options: EigenpairOptions(top: 2, bottom: 2))
    while !search.isFinished { try search.step(remainder) }
    let extremes = try search.eigenpairs(remainder)
    print(extremes.top[0].value, extremes.bottom[0].value, extremes.reason)

    // The dense matrices tell the same.
    let all = try ExactSpectrum.compute(hessian).eigen.values
    #expect(all.count == 910 && pairs.top.count == 5)
    for (pair, exact) in zip(pairs.top, all.reversed()) {
      #expect(pair.converged && abs(pair.value - exact) <= pair.errorBound + 1e-12 * all[909])
    }
    #expect(abs(density.integral - 1) < 1e-2)
    let sum = all.reduce(0, +)
    #expect(abs(trace.value - sum) <= 5 * (trace.standardError ?? 0))
    let differences = try ExactSpectrum.compute(remainder).eigen.values
    #expect(extremes.reason == .converged)
    for (pair, exact) in zip(extremes.top + extremes.bottom, differences.suffix(2).reversed() + differences.prefix(2)) {
      #expect(abs(pair.value - exact) <= pair.errorBound + 1e-12 * all[909])
    }
  }
}
