// swift-tools-version: 6.0
import PackageDescription

// On Apple's platforms the package has no dependency but Apple's own frameworks. On Linux, where its tests run beside the real
// server, CryptoKit is missing and URLSession speaks no WebSocket: there OpenSSL brings AES-GCM and TLS.
#if os(Linux)
  let linuxTargets: [Target] = [.systemLibrary(name: "COpenSSL")]
  let linuxDependencies: [Target.Dependency] = ["COpenSSL"]
#else
  let linuxTargets: [Target] = []
  let linuxDependencies: [Target.Dependency] = []
#endif

let package = Package(
  name: "DaylongKit",
  platforms: [.iOS(.v17), .macOS(.v14)],
  products: [.library(name: "DaylongKit", targets: ["DaylongKit"])],
  targets: linuxTargets + [
    .target(name: "DaylongKit", dependencies: linuxDependencies, swiftSettings: [.swiftLanguageMode(.v6)]),
    // The client that `scripts/conformance` drives; it shows how the parts fit together.
    .executableTarget(name: "ConformanceClient", dependencies: ["DaylongKit"], swiftSettings: [.swiftLanguageMode(.v6)]),
    .testTarget(name: "DaylongKitTests", dependencies: ["DaylongKit"], swiftSettings: [.swiftLanguageMode(.v6)]),
  ]
)
