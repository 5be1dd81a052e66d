// swift-tools-version: 6.2
import PackageDescription

/// One set of language settings for every Swift target: mode 6, explicit existentials, explicit import visibility,
/// and no warning that anybody could overlook.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let nioTLS: [Target.Dependency] =
    nio + [
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
    ]
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let sqlite: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// What goes through mail and rules octet by octet is optimised in debug builds, too: each inspector that a test starts would
/// compile the shipped rules for a second otherwise. Swift's checks of ranges and of overflow stay.
func fastLibrary(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies,
        swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))])
}

func suite(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func testProgram(_ name: String, _ path: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

let package = Package(
    name: "mailreeve",
    products: [
        .executable(name: "mailreeve", targets: ["mailreeve"]),
        .executable(name: "mailreeve-inspector", targets: ["mailreeve-inspector"]),
        .executable(name: "mailreeve-launcher", targets: ["mailreeve-launcher"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C: each module is imported by exactly one Swift target.
        .target(name: "CBytes"),
        .target(name: "CSandbox"),
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        // Without pkgConfig: SwiftPM warns about a flag that hiredis asks for.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(
            name: "CCompression", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev", "libdeflate-dev"])]),
        // pkgConfig names one of the five; the map links all.
        .systemLibrary(
            name: "CCodecs", pkgConfig: "liblzma",
            providers: [.apt(["liblzma-dev", "libbz2-dev", "libzstd-dev", "liblz4-dev", "libbrotli-dev"])]),
        .systemLibrary(name: "CClamAV", pkgConfig: "libclamav", providers: [.apt(["libclamav-dev"])]),
        .systemLibrary(name: "CIDN2", pkgConfig: "libidn2", providers: [.apt(["libidn2-dev"])]),
        .systemLibrary(name: "CMagic", pkgConfig: "libmagic", providers: [.apt(["libmagic-dev"])]),
        .systemLibrary(name: "CMspack", pkgConfig: "libmspack", providers: [.apt(["libmspack-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CRegex"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        // Ground
        fastLibrary("Bytes", ["CBytes"]),
        library("Linux", ["CSandbox"]),
        library("Digests", ["COpenSSL"]),
        library("DomainNames", ["CIDN2"]),
        library("Compression", ["CCompression"]),
        library("Codecs", ["Bytes", "CCodecs"]),
        library("HTMLHelp", ["Bytes", "CMspack"]),
        library("Magic", ["CMagic"]),
        library("MailModel"),
        library("Members"),

        // Pure logic: no NIO, no Foundation, no C library but libidn2 behind DomainNames
        library("SMTP", ["Bytes", "MailModel"]),
        fastLibrary("MIME", ["Bytes", "MailModel"]),
        library("Policy", ["Bytes", "MailModel"]),
        // With the shipped rules that are asked by default: they are there wherever the programs are.
        .target(
            name: "Checks", dependencies: ["Bytes", "DomainNames", "MailModel"],
            resources: ["banned.rules", "decoded_header_checks", "decoded_body_checks"].map { .embedInCode($0) },
            swiftSettings: strict),
        library("Scoring", ["Bytes", "MIME", "MailModel"]),

        // Content scanners and the unpacker
        library("Antivirus", ["Bytes", "CClamAV", "Compression", "Digests", "Linux", "MailModel"]),
        library("Documents", ["Bytes", "Compression", "Digests", "HTMLHelp", "MIME", "Members"]),
        fastLibrary(
            "Unpacking",
            [
                "Bytes", "CArchive", "Codecs", "Compression", "Digests", "Documents", "HTMLHelp", "Linux", "MIME",
                "MailModel", "Members",
            ]),
        fastLibrary("Patterns", ["Bytes", "CPCRE2", "CRegex", "Checks", "MailModel", "SMTP"]),

        // The contract between the two processes
        library("InspectionLink", ["Linux", "MailModel", "Members"]),

        // Stores
        library("Stores", ["Bytes", "Compression", "Digests", "DomainNames", "Linux", "MailModel"]),
        library("SQLiteStores", ["Linux", "MailModel", "Stores", sqlite]),
        library("PostgreSQLStores", ["CPostgreSQL", "Linux", "MailModel", "Stores"]),

        library("Bayes", ["Bytes", "CHiredis", "CLMDB", "Linux", "Scoring"]),

        // Network
        library("Relay", ["Bytes", "Linux", "MailModel", "SMTP", "Stores", logging] + nioTLS),

        library(
            "RemoteChecks",
            ["Linux", "MailModel", "Patterns", .product(name: "NIOHTTP1", package: "swift-nio")] + nio),

        // Composition
        library("Configuration", ["Checks", "DomainNames", "MailModel", "Policy", yaml]),
        library(
            "Inspector",
            [
                "Antivirus", "Bytes", "Checks", "Digests", "Documents", "InspectionLink", "Linux", "MIME", "Magic",
                "MailModel", "Members", "Patterns", "Scoring", "Unpacking",
            ]),
        library(
            "Gateway",
            [
                "Bayes", "Bytes", "Checks", "Configuration", "Digests", "DomainNames", "InspectionLink", "Linux",
                "MIME",
                "MailModel", "Members", "Patterns", "Policy", "PostgreSQLStores", "Relay", "RemoteChecks", "SMTP",
                "SQLiteStores",
                "Scoring", "Stores", logging,
            ] + nioTLS),

        .executableTarget(
            name: "mailreeve",
            dependencies: [
                "Bayes", "Bytes", "Checks", "Configuration", "Digests", "Gateway", "InspectionLink", "Linux", "MIME",
                "MailModel", "Patterns", "Policy", "Relay", "SMTP", "SQLiteStores", "Scoring", "Stores",
                arguments, logging,
            ] + nio,
            swiftSettings: strict),
        .executableTarget(
            name: "mailreeve-inspector", dependencies: ["Inspector"], swiftSettings: strict),
        .executableTarget(
            name: "mailreeve-launcher", dependencies: ["Linux"], swiftSettings: strict),

        .executableTarget(
            name: "mime-bench", dependencies: ["MIME", "MailModel"], path: "bench/MIMEBench", swiftSettings: strict),

        .executableTarget(
            name: "policy-bench", dependencies: ["Configuration", "Gateway", "MailModel"], path: "bench/PolicyBench",
            swiftSettings: strict),

        // Programs that measure and that tests start
        testProgram("bayes-learner", "Tests/BayesLearner", ["Bayes", "Scoring"]),
        testProgram("bayes-bench", "bench/BayesBench", ["Bayes", "Linux", "Scoring"]),
        testProgram("bayes-eval", "bench/BayesEval", ["Bayes", "Bytes", "MIME", "Scoring"]),
        testProgram(
            "quarantine-writer", "Tests/QuarantineWriter",
            ["Linux", "MailModel", "PostgreSQLStores", "SQLiteStores", "Stores"]),
        testProgram("sandbox-probe", "Tests/SandboxProbe", ["Linux"]),
        testProgram(
            "quarantine-bench", "bench/QuarantineBench",
            ["Linux", "MailModel", "PostgreSQLStores", "SQLiteStores", "Stores"]),
        testProgram("journal-bench", "bench/JournalBench", ["Linux", "MailModel", "SQLiteStores", "Stores"]),
        testProgram("unpack-bench", "Tests/UnpackBench", ["Compression", "Linux", "Members", "Unpacking"]),
        testProgram("lying-inspector", "Tests/LyingInspector", ["InspectionLink", "Linux", "MailModel"]),
        .target(
            name: "TestSupport", dependencies: ["Bytes", "Digests", "Linux"], path: "Tests/TestSupport",
            swiftSettings: strict),
        // What must hold for any bytes: for the suite that tries the fuzzer's corpus, and for the fuzzer
        .target(
            name: "Fuzzing",
            dependencies: ["Codecs", "Compression", "Documents", "MIME", "MailModel", "Members", "Unpacking"],
            path: "Tests/Fuzzing", swiftSettings: strict),

        suite("AntivirusTests", ["Antivirus", "Digests", "MailModel", "TestSupport"]),
        suite("BayesTests", ["Bayes", "Linux", "Scoring", "TestSupport", "bayes-learner"]),
        suite("BytesTests", ["Bytes"]),
        suite("ChecksTests", ["Checks", "MailModel", "TestSupport"]),
        suite("CodecsTests", ["Codecs", "TestSupport"]),
        suite("CompressionTests", ["Compression"]),
        suite(
            "CommandTests",
            ["Configuration", "Gateway", "Linux", "MIME", "MailModel", "SMTP", "mailreeve", "TestSupport", arguments]),
        suite("ConfigurationTests", ["Checks", "Configuration", "MailModel", "TestSupport"]),
        suite("DigestsTests", ["Digests"]),
        suite("DomainNamesTests", ["DomainNames"]),
        .testTarget(
            name: "DocumentsTests",
            dependencies: ["Bytes", "Compression", "Digests", "Documents", "Members", "TestSupport"],
            exclude: ["Oracle"], swiftSettings: strict),
        suite(
            "EndToEndTests",
            [
                "Checks", "Digests", "MailModel", "Patterns", "TestSupport", "mailreeve", "mailreeve-inspector",
                "mailreeve-launcher",
            ]),
        suite(
            "FaultTests",
            ["Digests", "TestSupport", "lying-inspector", "mailreeve", "mailreeve-inspector", "mailreeve-launcher"]),
        suite(
            "GatewayTests",
            [
                "Bayes", "Checks", "Configuration", "Gateway", "InspectionLink", "Linux", "MIME", "MailModel",
                "Patterns",
                "Policy", "RemoteChecks", "Scoring", "Stores", logging, "TestSupport",
            ] + nio),
        suite("InspectionLinkTests", ["InspectionLink", "Linux", "MailModel", "TestSupport"]),
        .testTarget(
            name: "InspectorTests",
            dependencies: [
                "Checks", "Documents", "Inspector", "InspectionLink", "Linux", "MailModel", "Members", "TestSupport",
                "Unpacking",
            ],
            exclude: ["Tables"], swiftSettings: strict),
        suite("LinuxTests", ["Linux"]),
        .testTarget(
            name: "MIMETests", dependencies: ["Fuzzing", "MIME", "MailModel", "SMTP"], exclude: ["Honest", "Oracle"],
            swiftSettings: strict),
        suite("MagicTests", ["Magic"]),
        suite("MailModelTests", ["MailModel", "TestSupport"]),
        suite("PatternsTests", ["Checks", "MIME", "MailModel", "Patterns", "TestSupport"]),
        suite("PolicyTests", ["MailModel", "Policy", "SMTP", "TestSupport"]),
        suite(
            "RelayTests",
            ["Bytes", "Digests", "Linux", "MailModel", "Relay", "SMTP", "Stores", logging, "TestSupport"] + nioTLS),
        suite(
            "RemoteChecksTests",
            ["Linux", "MailModel", "Patterns", "RemoteChecks", "TestSupport", "mailreeve-launcher"]),
        suite("ScoringTests", ["Bytes", "MIME", "Scoring", "TestSupport"]),
        suite("SMTPTests", ["MailModel", "SMTP", "TestSupport"]),
        .testTarget(
            name: "UnpackingTests",
            dependencies: ["Compression", "Digests", "Documents", "MIME", "Members", "TestSupport", "Unpacking"],
            swiftSettings: strict),
        suite(
            "StoresTests",
            [
                "Digests", "Linux", "MailModel", "PostgreSQLStores", "SQLiteStores", "Stores", "TestSupport",
                "quarantine-writer",
            ]),
    ]
)

// The fuzzer needs libFuzzer's runtime and instrumented code, so it is built by `make fuzz` only.
if Context.environment["MAILREEVE_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzzer", path: "Tests/CFuzzer"),
        .executableTarget(
            name: "mailreeve-fuzz", dependencies: ["CFuzzer", "Fuzzing"], path: "Tests/Fuzzer",
            exclude: ["Corpus", "containers.dict", "leaks", "mail.dict", "run"], swiftSettings: strict),
    ]
}
