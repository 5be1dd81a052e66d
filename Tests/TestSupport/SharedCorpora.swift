internal import Glibc

/// The corpora that stand beside the package; tests that need them are skipped where they are absent.
package enum SharedCorpora {
    /// Their folder; nil where it is absent.
    package static let path: String? = {
        let place = Programs.package + "/../shared/corpora"
        return access(place, R_OK) == 0 ? place : nil
    }()

    /// A file's octets; nil where it is absent.
    package static func bytes(_ name: String) -> [UInt8]? {
        guard let path else { return nil }
        return octets(ofFile: "\(path)/\(name)")
    }

    /// Names in a folder, in order; empty where it is absent.
    package static func names(in folder: String) -> [String] {
        guard let path, let directory = opendir("\(path)/\(folder)") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// Messages of the SpamAssassin corpus: every `step`-th of its index.
    package static func spamAssassin(every step: Int) throws -> [[UInt8]] {
        guard let index = bytes("spamassassin/index.tsv") else { return [] }
        var boxes: [String: [UInt8]] = [:]
        var messages: [[UInt8]] = []
        let rows = String(decoding: index, as: UTF8.self).split(separator: "\n").dropFirst()
        for (number, row) in rows.enumerated() where number % step == 0 {
            let fields = row.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count > 4, let offset = Int(fields[3]), let length = Int(fields[4]) else { continue }
            let file = String(fields[2])
            if boxes[file] == nil {
                boxes[file] = try runTool("xz", ["-dc", "\(path ?? "")/spamassassin/\(file)"]).output
            }
            if let box = boxes[file], offset + length <= box.count {
                messages.append(Array(box[offset..<offset + length]))
            }
        }
        return messages
    }

    private static func octets(ofFile name: String) -> [UInt8]? {
        guard let file = fopen(name, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
