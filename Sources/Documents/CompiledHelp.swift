internal import Bytes
internal import HTMLHelp
internal import Members

/// Compiled HTML help: its pages, scripts and programs.
package enum CompiledHelp {
    /// One that begins behind other content: a version, the size of its header, and its directory, without which nobody opens it.
    /// Programs that look for such have the first of these among their constants.
    package static func isBehindOthers(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.hasBytes("ITSF", at: 0), 1...4 ~= bytes.littleEndian32(at: 4) ?? 0,
            0x38...0x100 ~= bytes.littleEndian32(at: 8) ?? 0, let directory = bytes.littleEndian64(at: 0x48)
        else { return false }
        return bytes.hasBytes("ITSP", at: Int(clamping: directory))
    }

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
