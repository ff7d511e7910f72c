// swift-tools-version: 6.2
import PackageDescription

// A package of its own, because everything in it is built with the fuzzer's instrumentation: see run.sh.
let package = Package(
  name: "fuzz",
  platforms: [.macOS("26.0")],
  dependencies: [.package(name: "ritz", path: "..")],
  targets: [
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "Fuzz", dependencies: ["CFuzzer", .product(name: "Ritz", package: "ritz")],
      swiftSettings: [.treatAllWarnings(as: .error)]),
  ]
)
