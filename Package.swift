// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: settings)
}

let package = Package(
  name: "ritz",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "Ritz", targets: ["Ritz"]),
    .executable(name: "ritz", targets: ["RitzCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(
      name: "CTensors",
      cSettings: [.define("_GNU_SOURCE")],
      linkerSettings: [
        .linkedLibrary("dnnl"), .linkedLibrary("z"), .linkedLibrary("dl"), .linkedLibrary("m"),
        .linkedLibrary(":libgomp.so.1", .when(platforms: [.linux])),
      ]),
    library("Tensors", ["CTensors"]),
    library("Archives", ["Tensors"]),
    library("Autodiff", ["Tensors"]),
    library("Krylov", ["Tensors"]),
    library("Networks", ["Tensors", "Archives", "Autodiff"]),
    library("Datasets", ["Tensors", "Archives"]),
    library("Curvature", ["Tensors", "Autodiff", "Krylov", "Networks", "Datasets"]),
    library(
      "Training", ["Tensors", "Archives", "Autodiff", "Krylov", "Networks", "Datasets", "Curvature"]),
    library(
      "Analyses", ["Tensors", "Archives", "Autodiff", "Krylov", "Networks", "Datasets", "Curvature", "Training"]),
    library(
      "Studies",
      [
        "Tensors", "Archives", "Autodiff", "Krylov", "Networks", "Datasets", "Curvature", "Training", "Analyses",
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(name: "CFigures", linkerSettings: [.linkedLibrary("dl")]),
    library("Reports", ["CFigures", "Tensors", "Archives", "Analyses"]),
    library(
      "Ritz",
      [
        "Tensors", "Archives", "Autodiff", "Krylov", "Networks", "Datasets", "Curvature", "Training",
        "Analyses", "Studies", "Reports",
      ]),
    .executableTarget(
      name: "RitzCommand",
      dependencies: ["Ritz", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["Tensors", "Archives", "Autodiff"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("Tensors", ["Tensors"]),
    tests("Archives", ["Tensors", "Archives"]),
    tests("Autodiff", ["Tensors", "Autodiff"]),
    tests("Krylov", ["Tensors", "Krylov"]),
    tests("Networks", ["Tensors", "Archives", "Autodiff", "Networks"]),
    tests("Datasets", ["Tensors", "Archives", "Datasets"]),
    tests("Curvature", ["Tensors", "Archives", "Autodiff", "Krylov", "Networks", "Datasets", "Curvature"]),
    tests(
      "Training", ["Tensors", "Archives", "Autodiff", "Krylov", "Datasets", "Networks", "Curvature", "Training"]),
    tests(
      "Analyses",
      ["Tensors", "Archives", "Autodiff", "Krylov", "Networks", "Datasets", "Curvature", "Training", "Analyses"]),
    tests(
      "Studies",
      [
        "Tensors", "Archives", "Autodiff", "Krylov", "Networks", "Datasets", "Curvature", "Training", "Analyses",
        "Studies",
      ]),
    tests("Reports", ["Tensors", "Archives", "Analyses", "Reports"]),
    tests("RitzCommand", ["Ritz"]),
    tests("Ritz", ["Ritz"]),
  ]
)
