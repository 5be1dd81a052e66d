internal import Members
internal import Bytes

/// A file that Windows' packager wrapped (`\1Ole10Native` streams and objects of class `Package`): label, source path,
/// temporary path, content, and the same three names again in UTF-16. The format is not published by its maker; this is
/// what Windows writes.
struct OLEPackage {
    /// Label, and the last components of the paths, in both encodings; not that of a program that only lends its icon.
    var names: [[UInt8]] = []
    var content: Range<Int>
    /// As stated.
    var size: Int
    /// Octets that belong to none of the fields stand behind it.
    var end: Int

    /// Reads a package at `start`: nil when it is none.
    init?(_ bytes: Span<UInt8>, at start: Int) {
        guard let type = bytes.little16(start) else { return nil }
        // Readers believe the texts whatever these numbers are; then they have to be texts.
        var (isUsual, areTexts) = (type == 2, true)
        var at = start + 2
        // The path behind the label says where the icon is: in the file itself, or in what opens it.
        var (found, icons): ([[UInt8]], [[UInt8]]) = ([], [])
        func take(_ path: [UInt8], mayBeIcon: Bool) {
            if mayBeIcon, Self.holdsIcons(path) {
                icons.append(Self.lastComponent(path))
            } else {
                found.append(Self.lastComponent(path))
            }
        }
        for field in 0..<3 {
            // Two numbers stand before the temporary path: a kind, and the path's length.
            if field == 2 {
                guard let kind = bytes.little16(at + 2) else { return nil }
                isUsual = isUsual && kind == 3
                at += 8
            }
            guard at <= bytes.count, let end = bytes.firstIndex(of: 0, from: at), end - at <= Self.longestPath else {
                return nil
            }
            areTexts = areTexts && Self.isText(bytes.extracting(at..<end), mayBeEmpty: field > 0)
            take(Names.ansi(bytes.extracting(at..<end)), mayBeIcon: field == 1)
            at = end + 1
        }
        guard let size = bytes.little32(at) else { return nil }
        self.size = size
        content = bytes.range(at + 4, size)
        guard isUsual || areTexts && size > 0 && content.count == size else { return nil }
        end = at + 4 + content.count
        // Temporary path, label, source path.
        for field in 0..<3 {
            guard let units = bytes.little32(end), units <= Self.longestPath, end + 4 + units * 2 <= bytes.count else {
                break
            }
            take(Names.utf16(bytes.extracting(bytes.range(end + 4, units * 2))), mayBeIcon: field == 2)
            end += 4 + units * 2
        }
        if found.allSatisfy(\.isEmpty) { found = icons }
        for name in found where !name.isEmpty && !names.contains(name) { names.append(name) }
    }

    private static let longestPath = 4_096

    private static func isText(_ bytes: Span<UInt8>, mayBeEmpty: Bool) -> Bool {
        (mayBeEmpty || bytes.count > 0) && (0..<bytes.count).allSatisfy { bytes[$0] >= 0x20 }
    }

    /// Files that icons are taken from. What such a file is when it is packaged itself, its content says.
    private static let iconFiles: [StaticString] = [".dll", ".exe", ".icl", ".ico"]

    /// The full path of a file with icons.
    private static func holdsIcons(_ path: [UInt8]) -> Bool {
        path.contains(UInt8(ascii: "\\"))
            && iconFiles.contains { path.span.hasPrefix(ignoringCase: $0, from: path.count - $0.utf8CodeUnitCount) }
    }

    private static func lastComponent(_ path: [UInt8]) -> [UInt8] {
        guard let slash = path.lastIndex(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "/") }) else {
            return path
        }
        return Array(path[(slash + 1)...])
    }

    /// Hands on what the `\1Ole10Native` stream `bytes` holds: a packaged file, or another program's own data.
    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard let size = bytes.little32(0) else { return }
        guard let package = OLEPackage(bytes, at: 4) else {
            if let target = target(bytes, at: 4) { extraction.fact(.externalObject, target) }
            extraction.member(.stream, bytes.extracting(bytes.range(4, size)))
            return
        }
        package.hand(bytes, extraction)
    }

    /// The path of a package that is only linked: it has the kind 1 where the length of the temporary path would follow.
    private static func target(_ bytes: Span<UInt8>, at start: Int) -> [UInt8]? {
        guard bytes.little16(start) == 2, let label = bytes.firstIndex(of: 0, from: start + 2),
            let path = bytes.firstIndex(of: 0, from: label + 1), bytes.little16(path + 3) == 1
        else { return nil }
        return Names.ansi(bytes.extracting(label + 1..<path))
    }

    /// Hands on the file; and all of `bytes` when the file is not all that they hold.
    func hand(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        extraction.member(.file, names: names, bytes.extracting(content))
        if content.count < size { extraction.problem(.corrupt, "packaged file is cut off") }
        if bytes.count - end > Self.usualRest || content.count < size {
            extraction.member(.stream, bytes)
        }
    }

    /// Octets behind the names that mean nothing: what is missing to a whole sector.
    private static let usualRest = 512
}
