internal import Glibc

/// A path as the kernel has it: octets in whatever charset somebody once wrote it, which a `String` would not keep.
package struct OctetPath: Hashable, Comparable, Sendable, ExpressibleByStringLiteral {
    /// Without the NUL behind it.
    package let octets: [UInt8]

    package init(octets: some Sequence<UInt8>) {
        self.octets = Array(octets)
    }

    package init(_ text: String) {
        octets = Array(text.utf8)
    }

    package init(stringLiteral text: String) {
        self.init(text)
    }

    /// What a C function gave, up to its NUL.
    package init(cString: UnsafePointer<CChar>) {
        octets = UnsafeBufferPointer(start: cString, count: strlen(cString)).map { UInt8(bitPattern: $0) }
    }

    /// The words of this program's command line, without its name.
    package static func ofCommandLine() -> [OctetPath] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            CommandLine.unsafeArgv[index].map { OctetPath(cString: $0) }
        }
    }

    /// The path as text; nil where it is not UTF-8.
    package var text: String? { String(validating: octets, as: UTF8.self) }

    /// The name of an entry of this directory.
    package func appending(_ name: OctetPath) -> OctetPath {
        OctetPath(octets: octets + [0x2F] + name.octets)
    }

    package func hasPrefix(_ text: String) -> Bool { octets.starts(with: text.utf8) }

    package func hasSuffix(_ text: String) -> Bool { octets.suffix(text.utf8.count).elementsEqual(text.utf8) }

    package static func < (left: OctetPath, right: OctetPath) -> Bool {
        left.octets.lexicographicallyPrecedes(right.octets)
    }

    /// For calls of the system. Nothing is behind a NUL in the path.
    package func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (octets.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            // It has one element at least.
            buffer.baseAddress.map(body) ?? "".withCString(body)
        }
    }
}
