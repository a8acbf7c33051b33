// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

// Kernels: the same bytes on every CPU, so no contraction into fused multiply-add and no fast maths.
let kernelFlags: [CSetting] = [
  .unsafeFlags(["-O3", "-ffp-contract=off", "-fno-fast-math", "-fno-math-errno", "-Wall", "-Werror"])
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func swift(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "interlock",
  products: [
    .executable(name: "interlock", targets: ["interlock"]),
    .executable(name: "interlock-worker", targets: ["interlock-worker"]),
    .executable(name: "interlock-bench", targets: ["interlock-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.83.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.8.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // Layer 0
    .systemLibrary(
      name: "CFFmpeg",
      pkgConfig: "libavformat libavcodec libavfilter libswscale libswresample libavutil",
      providers: [
        .apt([
          "libavformat-dev", "libavcodec-dev", "libavfilter-dev", "libswscale-dev", "libswresample-dev",
          "libavutil-dev",
        ])
      ]),
    .systemLibrary(
      name: "CDrawing", pkgConfig: "pangocairo pangoft2 fontconfig", providers: [.apt(["libpango1.0-dev"])]),
    .systemLibrary(name: "CLoudness", pkgConfig: "libebur128", providers: [.apt(["libebur128-dev"])]),
    .target(name: "CPictureKernels", cSettings: kernelFlags),
    .target(
      name: "COpenColorIO", cxxSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.linkedLibrary("OpenColorIO")]),
    swift("MediaTime", []),
    swift("Digests", [crypto]),
    swift("Diagnostics", []),
    // Layer 1
    swift("Editorial", ["MediaTime", "Diagnostics"]),
    swift("ImageGraph", ["MediaTime", "Digests"]),
    swift("TaskGraph", ["Digests", "Diagnostics"]),
    // Layer 2
    swift("Media", ["CFFmpeg", "CLoudness", "MediaTime", "Diagnostics"]),
    swift("Colour", ["CPictureKernels", "COpenColorIO"]),
    swift("Drawing", ["CDrawing"]),
    swift("ObjectStore", ["Digests", "Diagnostics", "TaskGraph"]),
    // Layer 3
    swift("ColorGrading", ["Editorial", "MediaTime", "Diagnostics"]),
    swift("Compositing", ["Editorial", "ImageGraph", "MediaTime", "Diagnostics"]),
    swift("SoundMixing", ["Editorial", "MediaTime", "Digests", "Diagnostics"]),
    swift("Delivery", ["MediaTime", "Digests", "Diagnostics"]),
    swift("Titling", ["Editorial", "Digests", "Diagnostics"]),
    swift(
      "TaskKinds",
      ["MediaTime", "Digests", "Editorial", "ImageGraph", "TaskGraph", "Delivery", "SoundMixing", "Titling"]),
    // Layer 4
    swift("Publishing", ["Digests", "Diagnostics", "TaskGraph", "ObjectStore", "TaskKinds"]),
    .target(
      name: "Planning",
      dependencies: [
        "MediaTime", "Digests", "Diagnostics", "Editorial", "ImageGraph", "TaskGraph", "ColorGrading",
        "Compositing", "SoundMixing",
        "Delivery", "Titling", "TaskKinds", yams,
      ],
      resources: [
        .embedInCode("Profiles/prores-422hq.yaml"), .embedInCode("Profiles/prores-422hq-51.yaml"),
        .embedInCode("Profiles/review-h264.yaml"), .embedInCode("Profiles/stills-16bit.yaml"),
        .embedInCode("Profiles/prores-4444-p3-pq.yaml"), .embedInCode("Profiles/exr-half.yaml"),
        .embedInCode("Profiles/hdr10-hevc.yaml"),
        .embedInCode("Colour/aces.ocio"),
      ],
      swiftSettings: settings),
    swift(
      "Worker",
      [
        "MediaTime", "Digests", "Diagnostics", "Editorial", "ImageGraph", "TaskGraph", "Media", "Colour",
        "Drawing", "ObjectStore", "ColorGrading", "SoundMixing", "Delivery", "Titling", "TaskKinds",
        "Publishing",
      ]),
    swift("Ledger", ["Digests", "Diagnostics", "TaskGraph", "ObjectStore", grdb]),
    // Layer 5
    swift("Engine", ["Digests", "Diagnostics", "TaskGraph", "ObjectStore", "Ledger", subprocess, system]),
    swift("Farm", ["Digests", "Diagnostics", "TaskGraph", "ObjectStore", "Engine"]),
    // Layer 6
    swift("Monitoring", ["Digests", "Diagnostics", "TaskGraph", "ObjectStore", "Engine", coreMetrics]),
    // Layer 7
    .target(
      name: "Board",
      dependencies: [
        "MediaTime", "Digests", "Diagnostics", "ImageGraph", "TaskGraph", "ObjectStore", "Delivery",
        "Planning",
        "Engine", "Monitoring",
      ],
      resources: [
        .embedInCode("Web/board.css"), .embedInCode("Web/board.js"), .embedInCode("Web/icon.svg"),
      ],
      swiftSettings: settings),
    swift(
      "BoardServer",
      [
        "Digests", "Diagnostics", "TaskGraph", "ObjectStore", "Planning", "Monitoring", "Board", hummingbird,
        hummingbirdCore, httpTypes, nioCore, logging, lifecycle, unixSignals,
      ]),
    // Layer 8
    .target(
      name: "Commands",
      dependencies: [
        "MediaTime", "Digests", "Diagnostics", "Editorial", "ImageGraph", "TaskGraph", "ObjectStore",
        "Delivery", "TaskKinds", "Planning", "Publishing", "Ledger", "Engine", "Farm", "Monitoring", "Board",
        "BoardServer",
        argumentParser, logging, subprocess, system,
      ],
      resources: [
        .embedInCode("Cuts/Conversion/walk_aaf.py"), .embedInCode("Cuts/Conversion/list_adapters.py"),
      ],
      swiftSettings: settings),
    .executableTarget(name: "interlock", dependencies: ["Commands"], swiftSettings: settings),
    .executableTarget(name: "interlock-worker", dependencies: ["Worker"], swiftSettings: settings),
    .executableTarget(
      name: "interlock-bench",
      dependencies: [
        "Digests", "TaskGraph", "TaskKinds", "ImageGraph", "Delivery", "SoundMixing", "Planning",
        "Publishing", "ObjectStore", "Ledger", "Engine", "Farm", "Colour", "Commands", "TestSupport",
        argumentParser,
      ],
      swiftSettings: settings),
    // Tests mirror targets one to one
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    test("Diagnostics", ["Diagnostics"]),
    test("MediaTime", ["MediaTime", "TestSupport"]),
    test("Editorial", ["Editorial", "MediaTime", "Diagnostics", "TestSupport"]),
    test("Media", ["Media", "MediaTime", "Diagnostics", "TestSupport"]),
    test("Colour", ["Colour", "TestSupport"]),
    test("Drawing", ["Drawing", "TestSupport"]),
    test(
      "ColorGrading", ["ColorGrading", "Colour", "Editorial", "MediaTime", "Diagnostics", "TestSupport"]),
    test("Compositing", ["Compositing", "ImageGraph", "MediaTime", "Diagnostics", "TestSupport"]),
    test(
      "Engine", ["Digests", "Diagnostics", "TaskGraph", "ObjectStore", "Ledger", "Engine", "TestSupport"]),
    test(
      "Monitoring",
      [
        "Digests", "Diagnostics", "TaskGraph", "ObjectStore", "Ledger", "Engine", "Monitoring", "TestSupport",
        coreMetrics,
      ]),
    .testTarget(
      name: "FarmTests",
      dependencies: ["Digests", "Diagnostics", "TaskGraph", "ObjectStore", "Engine", "Farm", "TestSupport"],
      exclude: ["Goldens"], swiftSettings: settings),
    test("Digests", ["Digests", "TestSupport"]),
    test("ImageGraph", ["ImageGraph", "Digests", "MediaTime", "TestSupport"]),
    test("TaskGraph", ["TaskGraph", "Digests", "Diagnostics", "TestSupport"]),
    test("Delivery", ["Delivery", "Digests", "MediaTime"]),
    test("SoundMixing", ["SoundMixing", "Digests", "MediaTime", "TestSupport"]),
    test("Titling", ["Titling", "Digests", "Diagnostics", "TestSupport"]),
    test(
      "Planning",
      [
        "Planning", "TaskKinds", "TaskGraph", "ImageGraph", "Editorial", "Delivery", "SoundMixing", "Titling",
        "MediaTime", "Digests", "Diagnostics", "TestSupport",
      ]),
    test(
      "Worker",
      [
        "TestSupport", "TaskKinds", "TaskGraph", "ImageGraph", "Editorial", "Delivery", "SoundMixing",
        "Titling", "MediaTime", "Digests", "Diagnostics", "ObjectStore", "Planning", "interlock-worker",
      ]),
    test("ObjectStore", ["ObjectStore", "Digests", "Diagnostics", "TaskGraph", "TestSupport"]),
    test("Ledger", ["Ledger", "ObjectStore", "Digests", "Diagnostics", "TaskGraph", "TestSupport"]),
    test(
      "Board",
      [
        "Board", "Monitoring", "Engine", "Planning", "Delivery", "ObjectStore", "TaskGraph", "ImageGraph",
        "MediaTime", "Digests", "Diagnostics", "TestSupport",
      ]),
    test(
      "BoardServer",
      [
        "BoardServer", "Board", "Monitoring", "Engine", "ObjectStore", "TaskGraph", "Digests",
        "Diagnostics", "TestSupport", logging,
      ]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["TestSupport", "Drawing", "interlock", "interlock-worker", "interlock-bench"],
      exclude: ["Fixtures", "Goldens"],
      swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
