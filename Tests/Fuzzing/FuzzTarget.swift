/// What a fuzzer can be pointed at; also the names of the folders of the corpus.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// A message: structure, every reading, every decoding, and all that is done with the content.
    case message
    /// Transfer encodings.
    case decoding
    /// Files in text, TNEF, mbox.
    case blocks
    case html
    case charset
    case header
    /// An archive, a disk or anything else with files in it, and what is in those.
    case containers
    /// Documents by themselves.
    case documents
    /// Decoders of compressed data.
    case codecs

    /// Reads `input` in all ways that the target has. Returns what must never be; a trap or a wrong access ends the process.
    package func violations(_ input: [UInt8]) -> [String] {
        switch self {
        case .message: MessageFuzzing.violations(input)
        case .decoding: DecodingFuzzing.violations(input)
        case .blocks: ContentFuzzing.blocks(input)
        case .html: ContentFuzzing.html(input)
        case .charset: ContentFuzzing.charset(input)
        case .header: ContentFuzzing.header(input)
        case .containers: ContainerFuzzing.violations(input)
        case .documents: DocumentFuzzing.violations(input)
        case .codecs: CodecFuzzing.violations(input)
        }
    }
}
