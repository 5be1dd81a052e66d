// mailreeve-fuzz TARGET [OPTION or FOLDER...]: libFuzzer over one target with the options of libFuzzer.
// `make fuzz` runs it over all targets.

internal import CFuzzer
internal import Fuzzing

typealias Callback = @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32

/// A trap is what libFuzzer and the sanitizer report, with the input that led to it.
func run(_ target: FuzzTarget, _ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let wrong = target.violations(Array(UnsafeBufferPointer(start: data, count: count)))
    if !wrong.isEmpty { fatalError(wrong.joined(separator: "\n")) }
    return 0
}

/// Functions without context, as C has them.
func callback(_ target: FuzzTarget) -> Callback {
    switch target {
    case .message: { run(.message, $0, $1) }
    case .decoding: { run(.decoding, $0, $1) }
    case .blocks: { run(.blocks, $0, $1) }
    case .html: { run(.html, $0, $1) }
    case .charset: { run(.charset, $0, $1) }
    case .header: { run(.header, $0, $1) }
    case .containers: { run(.containers, $0, $1) }
    case .documents: { run(.documents, $0, $1) }
    case .codecs: { run(.codecs, $0, $1) }
    }
}

guard let name = CommandLine.arguments.dropFirst().first, let target = FuzzTarget(rawValue: name) else {
    fatalError("usage: mailreeve-fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [OPTION...]")
}
// libFuzzer sees the arguments without the target.
var count = CommandLine.argc - 1
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
arguments?[0] = CommandLine.unsafeArgv[0]
_ = LLVMFuzzerRunDriver(&count, &arguments, callback(target))
