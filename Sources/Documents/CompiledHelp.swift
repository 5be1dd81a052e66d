internal import Bytes
internal import HTMLHelp
internal import Members

/// Compiled HTML help: its pages, scripts and programs.
enum CompiledHelp {
    /// Behind its mark stand numbers: a text that begins with the word is none.
    static func matches(_ bytes: Span<UInt8>) -> Bool {
        bytes.hasBytes("ITSF", at: 0) && !bytes.hasOnlyControlsOfText
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        let result = HTMLHelpFile.read(bytes, limit: { extraction.bufferRoom }) { name, content in
            extraction.charge(content.count)
            return extraction.countItem() && extraction.member(.file, names: [name], content.span)
        }
        if result.contains(.damaged) { extraction.problem(.corrupt, "compiled help") }
        if result.contains(.overlapping) { extraction.problem(.overlappingHelp) }
        if result.contains(.limitReached) { extraction.stop(.octets) }
    }
}
