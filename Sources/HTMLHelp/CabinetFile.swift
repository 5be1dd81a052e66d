internal import CMspack

/// Files within Microsoft's cabinets (`.cab`: MSZIP, LZX, Quantum), read by libmspack from memory.
package enum CabinetFile {
    /// What reading gave.
    package struct Result: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The cabinet or a file could not be read to its end.
        package static let damaged = Result(rawValue: 1)
        /// Files share octets: all but the first of them were left out.
        package static let overlapping = Result(rawValue: 2)
        /// The cabinet is one of several.
        package static let volume = Result(rawValue: 4)
    }

    /// Files of one cabinet that are looked at.
    private static let most = 65_536

    /// Calls `begin` for each file, in the order of their content, `append` for each piece of it, then `end`; until one of
    /// the first two returns false.
    /// - Parameter begin: gets the name as it stands in the cabinet.
    package static func read(
        _ bytes: Span<UInt8>, begin: ([UInt8]) -> Bool, append: (Span<UInt8>) -> Bool, end: () -> Void
    ) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            withoutActuallyEscaping(append) { append in
                withExtendedLifetime(MemorySource(buffer)) { read($0, begin, append, end) }
            }
        }
    }

    /// Hands on what libmspack writes.
    private final class PieceTarget: MemoryTarget {
        private let use: (Span<UInt8>) -> Bool
        private(set) var isStopped = false

        init(_ use: @escaping (Span<UInt8>) -> Bool) {
            self.use = use
            super.init(limit: 0)
        }

        override func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
            if use(bytes.assumingMemoryBound(to: UInt8.self).span) { return true }
            isStopped = true
            return false
        }
    }

    private static func read(
        _ source: MemorySource, _ begin: ([UInt8]) -> Bool, _ append: @escaping (Span<UInt8>) -> Bool, _ end: () -> Void
    ) -> Result {
        let system = MemorySystem.make()
        defer { MemorySystem.free(system) }
        guard let reader = mspack_create_cab_decompressor(system) else { return .damaged }
        defer { mspack_destroy_cab_decompressor(reader) }
        // Damaged blocks are decoded as far as they go.
        _ = reader.pointee.set_param(reader, Int32(MSCABD_PARAM_SALVAGE), 1)
        guard let cabinet = reader.pointee.open(reader, MemorySystem.name(source)) else { return .damaged }
        defer { reader.pointee.close(reader, cabinet) }
        var result: Result = cabinet.pointee.flags & 3 == 0 ? [] : .volume
        var files: [(folder: Int, file: UnsafeMutablePointer<mscabd_file>)] = []
        var folders: [UnsafeMutablePointer<mscabd_folder>?: Int] = [:]
        var next = cabinet.pointee.files
        while let file = next, files.count < most {
            let folder = folders[file.pointee.folder] ?? folders.count
            folders[file.pointee.folder] = folder
            files.append((folder, file))
            next = file.pointee.next
        }
        // In the order of their content each octet is decompressed once.
        files.sort { ($0.folder, $0.file.pointee.offset) < ($1.folder, $1.file.pointee.offset) }
        var taken: [Int: Int] = [:]
        for (folder, file) in files {
            guard begin(name(file)) else { return result }
            defer { end() }
            let start = Int(file.pointee.offset)
            let length = Int(file.pointee.length)
            if length == 0 { continue }
            guard start >= taken[folder] ?? 0 else {
                result.insert(.overlapping)
                continue
            }
            taken[folder] = start + length
            let target = PieceTarget(append)
            let code = withExtendedLifetime(target) { reader.pointee.extract(reader, file, MemorySystem.name(target)) }
            if target.isStopped { return result }
            if code != 0 { result.insert(.damaged) }
        }
        return result
    }

    private static func name(_ file: UnsafeMutablePointer<mscabd_file>) -> [UInt8] {
        guard let text = file.pointee.filename else { return [] }
        var out: [UInt8] = []
        while text[out.count] != 0 { out.append(UInt8(bitPattern: text[out.count])) }
        return out
    }
}
