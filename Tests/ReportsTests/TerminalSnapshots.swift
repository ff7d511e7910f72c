extension TerminalSummaryTests {
  static let unicode = #"""
    Curvature spectrum of mnist-784-512-512-10.pt2
    669,706 parameters · 20,000 of 60,000 samples of mnist/ · single
    precision
    loss 0.07313 (cross-entropy) ± 0.0012 · gradient norm 0.04127 · 1142
    products · 3 min 07 s

    Spectrum of the Hessian ────────────────────────────────────────────────
      dimension  669,706
      λmax       61.240, residual 6.1e-06
      λmin       -1.8300, residual 2.0e-06
      trace      412.6 ± 5.9, hutch++, 90 probes
      outliers   10, gap ratio 2.76, λ₁/λ(C+1) 65.1
      gradient   74.1 % in the top 10, chance 0.00149 %

    density φ(λ) over λ, log axis, 10 probes x 90 steps, ▲ deflated
         │  ⢀⡀
     1e0 ┤  ⢸⡇
         │  ⢸⡇
         │  ⣾⣧
    1e-2 ┤  ⣿⣿
         │  ⣿⣿
         │  ⣿⣿
         │  ⣿⣿
    1e-4 ┤  ⣿⣿⡄
         │ ⢰⣿⣿⣇
         │⢀⣾⣿⣿⣿⣶ ⡄⢀⡀ ⢀  ⡀  ⢀⡀   ⡀    ⢀             ⣀                     ⢀
    1e-6 ┤⢸⣿⣿⣿⣿⣿⣶⣿⢸⡇ ⣼⡄⢀⣷  ⢸⡇  ⢸⡇    ⣼⡄            ⣿                     ⣸⡆
         └───┬──────────────────┬───────────────────┬───────────────────┬──
           ▲   ▲ ▲ ▲ ▲  ▲  ▲    ▲    ▲             ▲                     ▲
             0                 20                  40                  60

    largest eigenvalues
      rank  eigenvalue  residual  converged
         1     61.2400   6.1e-06  yes
         2     38.7000   6.9e-06  yes
         3     24.9000   7.9e-06  yes
         4     19.3100   1.1e-05  yes
         5     15.0200   1.5e-05  yes
         6     11.4000   2.0e-05  yes
         7     8.77000   2.8e-05  yes
         8     6.10000   3.4e-05  yes
         9     4.35000   4.4e-05  yes
        10     2.60000   4.6e-05  yes
        11    0.941200   3.0e-05  yes
        12    0.880300     0.031  NO

    smallest eigenvalues
      rank  eigenvalue  residual  converged
         P    -1.83000   2.0e-06  yes
       P-1    -1.21000   4.0e-06  yes
       P-2   -0.940000   6.0e-06  yes
       P-3   -0.733000   8.0e-06  yes
       P-4   -0.610000   1.0e-05  yes

    ! 20,000 of 60,000 samples were used.
    ! 1 of 12 top eigenpairs did not converge.

    """#

  static let plain = #"""
    Curvature spectrum of mnist-784-512-512-10.pt2
    669,706 parameters, 20,000 of 60,000 samples of mnist/,
    single precision
    loss 0.07313 (cross-entropy) +- 0.0012, gradient norm
    0.04127, 1142 products, 3 min 07 s

    Spectrum of the Hessian ------------------------------------
      dimension   669,706
      lambda_max  61.240, residual 6.1e-06
      lambda_min  -1.8300, residual 2.0e-06
      trace       412.6 +- 5.9, hutch++, 90 probes
      outliers    10, gap ratio 2.76, lambda_1/lambda_(C+1) 65.1
      gradient    74.1 % in the top 10, chance 0.00149 %

    density over eigenvalue, log axis, 10 probes x 90 steps, ^
    deflated
         |  .
     1e0 +  #
         |  #
         |  #
    1e-2 + ##
         | ###
         | ###
         | ###
    1e-4 + ###
         | ###
         |:###:... . .  .   .   .          .                 ..
    1e-6 +######## # #  #  ##   #          #.                ##
         +--+---------------+---------------+----------------+-
          ^^  ^^ ^ ^ ^  ^   ^   ^          ^                  ^
            0              20              40               60

    largest eigenvalues
      rank  eigenvalue  residual  converged
         1     61.2400   6.1e-06  yes
         2     38.7000   6.9e-06  yes
         3     24.9000   7.9e-06  yes
         4     19.3100   1.1e-05  yes
         5     15.0200   1.5e-05  yes
         6     11.4000   2.0e-05  yes
         7     8.77000   2.8e-05  yes
         8     6.10000   3.4e-05  yes
         9     4.35000   4.4e-05  yes
        10     2.60000   4.6e-05  yes
        11    0.941200   3.0e-05  yes
        12    0.880300     0.031  NO

    smallest eigenvalues
      rank  eigenvalue  residual  converged
         P    -1.83000   2.0e-06  yes
       P-1    -1.21000   4.0e-06  yes
       P-2   -0.940000   6.0e-06  yes
       P-3   -0.733000   8.0e-06  yes
       P-4   -0.610000   1.0e-05  yes

    ! 20,000 of 60,000 samples were used.
    ! 1 of 12 top eigenpairs did not converge.

    """#
}
