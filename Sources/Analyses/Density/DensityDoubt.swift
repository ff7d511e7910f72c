import Krylov

extension SpectralDensity {
  /// Why the density should not be read as it stands; `nil` where nothing speaks against it.
  ///
  /// The band covers the sampling by probes and, within limits, the resolution of the steps. What it cannot show is a
  /// grid that steps over the kernels; and nodes of the quadrature that stand further apart than the kernel is wide
  /// draw peaks in the curve where there is a continuum.
  ///
  /// - Parameter isComplete: every probe ended in an invariant subspace: its rule is then exact, however much a shorter
  ///   one differs.
  func doubt(isComplete: Bool) -> String? {
    let defect = Double(Int(100 * Swift.min(quadratureDefect, 2))) / 100
    if abs(integral - 1) > 1e-3 || !integral.isFinite {
      let spacing = grid.count > 1 ? grid[1] - grid[0] : 0
      return
        "the density does not integrate to 1 on its grid: the kernel's standard deviation \(kernelWidth) is below the spacing "
        + "\(spacing) of the points; raise --sigma"
    }
    if quadratureDefect > Self.largestDefect && !isComplete {
      return
        "a quarter of the Lanczos steps less changes the density by \(defect) of at most 2, which its band covers in part: peaks "
        + "may be nodes of the quadrature; raise --steps or --sigma"
    }
    return nil
  }

  /// ∫ |φ_m − φ_m′| from which on the density is doubted.
  private static var largestDefect: Double { 0.25 }
}
