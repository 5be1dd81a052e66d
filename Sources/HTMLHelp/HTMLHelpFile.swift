internal import Bytes
internal import CMspack

/// Files within Microsoft's compiled HTML help (`.chm`, ITSF with LZX), read by libmspack from memory.
package enum HTMLHelpFile {
    /// What reading gave.
    package struct Result: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The directory or a file could not be read to its end.
        package static let damaged = Result(rawValue: 1)
        /// Entries share octets, which no compiler writes: all but the first of them were left out.
        package static let overlapping = Result(rawValue: 2)
        /// A file was cut at the limit.
        package static let limitReached = Result(rawValue: 4)
    }

    /// Calls `use` for each file, in the order of their content, until it returns false.
    /// - Parameters:
    ///   - limit: octets of one file, asked for before each.
    ///   - use: name as it stands in the help file (UTF-8, a path) and content.
    package static func read(
        _ bytes: Span<UInt8>, limit: () -> Int, _ use: (_ name: [UInt8], _ content: [UInt8]) -> Bool
    ) -> Result {
        // Windows does not look at them, and other compilers write what they like; libmspack wants its own.
        if bytes.hasBytes("ITSF", at: 0), bytes.count >= identifiersStart + identifiers.count,
            !bytes.hasBytes(identifiers.span, at: identifiersStart)
        {
            var usual = bytes.array
            usual.replaceSubrange(identifiersStart..<identifiersStart + identifiers.count, with: identifiers)
            return read(usual: usual.span, limit, use)
        }
        return read(usual: bytes, limit, use)
    }

    /// Where two GUIDs stand in the header, {7C01FD10-7BAA-11D0-9E0C-00A0C922E6EC} and the next.
    private static let identifiersStart = 0x18
    private static let identifiers: [UInt8] = [0x10, 0x11].flatMap { (number: UInt8) -> [UInt8] in
        [number, 0xFD, 0x01, 0x7C, 0xAA, 0x7B, 0xD0, 0x11, 0x9E, 0x0C, 0x00, 0xA0, 0xC9, 0x22, 0xE6, 0xEC]
    }

    private static func read(
        usual bytes: Span<UInt8>, _ limit: () -> Int, _ use: (_ name: [UInt8], _ content: [UInt8]) -> Bool
    ) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            withExtendedLifetime(MemorySource(buffer)) { source in
                read(source, limit, use)
            }
        }
    }

    private static func read(
        _ source: MemorySource, _ limit: () -> Int, _ use: (_ name: [UInt8], _ content: [UInt8]) -> Bool
    ) -> Result {
        let system = MemorySystem.make()
        defer { MemorySystem.free(system) }
        guard let reader = mspack_create_chm_decompressor(system) else { return .damaged }
        defer { mspack_destroy_chm_decompressor(reader) }
        guard let header = reader.pointee.open(reader, MemorySystem.name(source)) else { return .damaged }
        defer { reader.pointee.close(reader, header) }

        var files: [UnsafeMutablePointer<mschmd_file>] = []
        var next = header.pointee.files
        // A directory has no more entries than octets.
        while let file = next, files.count < source.bytes.count {
            files.append(file)
            next = file.pointee.next
        }
        // In the order of their content each octet is decompressed once.
        files.sort {
            ($0.pointee.section.pointee.id, $0.pointee.offset) < ($1.pointee.section.pointee.id, $1.pointee.offset)
        }
        var result: Result = []
        var end: [UInt32: Int64] = [:]
        for file in files where file.pointee.length > 0 {
            let section = file.pointee.section.pointee.id
            let (fileEnd, isOver) = Int64(file.pointee.offset).addingReportingOverflow(Int64(file.pointee.length))
            guard !isOver, Int64(file.pointee.offset) >= end[section] ?? 0 else {
                result.insert(.overlapping)
                continue
            }
            end[section] = fileEnd
            let target = MemoryTarget(limit: limit())
            let code = withExtendedLifetime(target) { reader.pointee.extract(reader, file, MemorySystem.name(target)) }
            if target.isFull { result.insert(.limitReached) } else if code != 0 { result.insert(.damaged) }
            let name = file.pointee.filename.map { Array(UnsafeRawBufferPointer(start: $0, count: length($0))) } ?? []
            guard use(name, target.content) else { break }
        }
        return result
    }

    private static func length(_ text: UnsafePointer<CChar>) -> Int {
        var count = 0
        while text[count] != 0 { count += 1 }
        return count
    }
}
