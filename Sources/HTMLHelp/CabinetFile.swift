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
        /// Octets that were handed on before.
        private var skipped: Int
        private(set) var count = 0
        private(set) var isStopped = false

        init(skipping: Int = 0, _ use: @escaping (Span<UInt8>) -> Bool) {
            skipped = skipping
            self.use = use
            super.init(limit: 0)
        }

        override func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
            count += bytes.count
            let known = min(skipped, bytes.count)
            skipped -= known
            let piece = UnsafeRawBufferPointer(rebasing: bytes[known...])
            if piece.isEmpty || use(piece.assumingMemoryBound(to: UInt8.self).span) { return true }
            isStopped = true
            return false
        }
    }

    /// One decompressor with the cabinet open.
    private final class Opened {
        private let system: UnsafeMutablePointer<mspack_system>
        private let reader: UnsafeMutablePointer<mscab_decompressor>
        private let cabinet: UnsafeMutablePointer<mscabd_cabinet>
        let files: [UnsafeMutablePointer<mscabd_file>]

        /// nil when the cabinet cannot be opened.
        /// - Parameter salvage: damaged blocks are decoded as far as they go, damaged entries passed over.
        init?(_ source: MemorySource, salvage: Bool) {
            system = MemorySystem.make()
            guard let reader = mspack_create_cab_decompressor(system) else {
                MemorySystem.free(system)
                return nil
            }
            _ = reader.pointee.set_param(reader, Int32(MSCABD_PARAM_SALVAGE), salvage ? 1 : 0)
            guard let cabinet = reader.pointee.open(reader, MemorySystem.name(source)) else {
                mspack_destroy_cab_decompressor(reader)
                MemorySystem.free(system)
                return nil
            }
            self.reader = reader
            self.cabinet = cabinet
            var files: [UnsafeMutablePointer<mscabd_file>] = []
            var next = cabinet.pointee.files
            while let file = next, files.count < most {
                files.append(file)
                next = file.pointee.next
            }
            self.files = files
        }

        deinit {
            reader.pointee.close(reader, cabinet)
            mspack_destroy_cab_decompressor(reader)
            MemorySystem.free(system)
        }

        var isVolume: Bool { cabinet.pointee.flags & 3 != 0 }

        /// Decompresses a file; true when libmspack found nothing wrong.
        func extract(_ file: Int, into target: PieceTarget) -> Bool {
            withExtendedLifetime(target) {
                reader.pointee.extract(reader, files[file], MemorySystem.name(target)) == MSPACK_ERR_OK
            }
        }
    }

    private static func read(
        _ source: MemorySource, _ begin: ([UInt8]) -> Bool, _ append: @escaping (Span<UInt8>) -> Bool, _ end: () -> Void
    ) -> Result {
        guard let salvage = Opened(source, salvage: true) else { return .damaged }
        var result: Result = salvage.isVolume ? .volume : []
        var strict = Opened(source, salvage: false)
        if strict?.files.count != salvage.files.count {
            result.insert(.damaged)
            strict = nil
        }
        var files: [(folder: Int, index: Int)] = []
        var folders: [UnsafeMutablePointer<mscabd_folder>?: Int] = [:]
        for (index, file) in salvage.files.enumerated() {
            let folder = folders[file.pointee.folder] ?? folders.count
            folders[file.pointee.folder] = folder
            files.append((folder, index))
        }
        // In the order of their content each octet is decompressed once.
        func offset(_ index: Int) -> UInt32 { UInt32(salvage.files[index].pointee.offset) }
        files.sort { ($0.folder, offset($0.index)) < ($1.folder, offset($1.index)) }
        var taken: [Int: Int] = [:]
        var damaged: Set<Int> = []
        for (folder, index) in files {
            let file = salvage.files[index]
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
            var known = 0
            if let strict, !damaged.contains(folder) {
                let target = PieceTarget(append)
                let isWhole = strict.extract(index, into: target) && target.count >= length
                if target.isStopped { return result }
                if isWhole { continue }
                known = target.count
                // What is behind the damage of a folder is lost to a reader that looks at checksums.
                damaged.insert(folder)
            }
            result.insert(.damaged)
            let target = PieceTarget(skipping: known, append)
            _ = salvage.extract(index, into: target)
            if target.isStopped { return result }
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
