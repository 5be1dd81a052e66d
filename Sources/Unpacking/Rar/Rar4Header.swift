/// Headers of RAR 1.5 to 4: what their types, flags and places mean.
enum Rar4Header {
    enum Kind {
        static let archive: UInt8 = 0x73
        static let file: UInt8 = 0x74
        /// Comments of RAR 1.5 and 2, within another header or by themselves.
        static let oldComment: UInt8 = 0x75
        /// Services of RAR 2.
        static let oldService: UInt8 = 0x77
        /// Services of RAR 3 and 4: comments and the like, with a header like that of a file.
        static let service: UInt8 = 0x7A
        static let end: UInt8 = 0x7B
    }

    /// Of the archive: `archiveComment`, `encryptedHeaders`; of files and services the others, `data` of any.
    enum Flag {
        /// Comments within the header, which its checksum leaves out.
        static let archiveComment: UInt16 = 0x02
        static let fileComment: UInt16 = 0x08
        static let encryptedHeaders: UInt16 = 0x80
        static let split: UInt16 = 0x03
        static let continued: UInt16 = 0x01
        static let encrypted: UInt16 = 0x04
        static let solid: UInt16 = 0x10
        static let directory: UInt16 = 0xE0
        static let large: UInt16 = 0x100
        static let unicode: UInt16 = 0x200
        static let salt: UInt16 = 0x400
        static let data: UInt16 = 0x8000
    }

    /// Octets of a file's header in front of its name, and of the upper halves of sizes.
    static let fileSize = 32
    static let upperHalves = 8
    /// The method of what is not compressed.
    static let stored: UInt8 = 0x30
}
