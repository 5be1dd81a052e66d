internal import Bytes

/// Images, sound and video.
extension FileType {
    static let png = FileType("png", "image/png", "PNG image", .plain, recognised: "`89 PNG`")
    static let jpeg = FileType("jpg", "image/jpeg", "JPEG image", .plain, recognised: "`FF D8 FF`")
    static let gif = FileType("gif", "image/gif", "GIF image", .plain, recognised: "`GIF87a`, `GIF89a`")
    static let bitmap = FileType("bmp", "image/bmp", "BMP image", .plain, recognised: "`BM` and its own size")
    static let tiff = FileType("tif", "image/tiff", "TIFF image", .plain, recognised: "`II 2A 00`, `MM 00 2A`")
    static let webp = FileType("webp", "image/webp", "WebP image", .plain, recognised: "`RIFF`, `WEBP` at 8")
    static let icon = FileType(
        "ico", "image/vnd.microsoft.icon", "Windows icon", .plain, recognised: "`00 00 01 00` and a count")
    static let heif = FileType("heic", "image/heic", "HEIF image", .plain, recognised: "`ftyp` at 4 and its brand")
    static let wave = FileType("wav", "audio/wav", "WAVE sound", .plain, recognised: "`RIFF`, `WAVE` at 8")
    static let avi = FileType("avi", "video/x-msvideo", "AVI video", .plain, recognised: "`RIFF`, `AVI ` at 8")
    static let mp4 = FileType("mp4", "video/mp4", "MP4 video", .plain, recognised: "`ftyp` at 4")
    static let mp3 = FileType(
        "mp3", "audio/mpeg", "MP3 sound", .plain, recognised: "`ID3`, or two frames of layer III in a row")
    static let ogg = FileType("ogg", "application/ogg", "Ogg media", .plain, recognised: "`OggS`")
    static let flac = FileType("flac", "audio/flac", "FLAC sound", .plain, recognised: "`fLaC`")
    static let matroska = FileType("mkv", "video/x-matroska", "Matroska video", .plain, recognised: "`1A 45 DF A3`")
    static let mpeg = FileType(
        "mpg", "video/mpeg", "MPEG video", .plain,
        recognised: "`00 00 01 BA`, `00 00 01 B3`, or `47` every 188 octets")
    static let advancedStream = FileType(
        "wmv", "video/x-ms-asf", "Windows Media", .plain, recognised: "the GUID of an ASF header")
    static let animatedCursor = FileType(
        "ani", "application/x-navi-animation", "animated cursor", .plain, recognised: "`RIFF`, `ACON` at 8")
    static let paintbrush = FileType(
        "pcx", "image/x-pcx", "PCX image", .plain, recognised: "`0A`, a version, `01`, a number of bits and a window")

    static let media: [FileType] = [
        png, jpeg, gif, bitmap, tiff, webp, icon, heif, paintbrush, wave, mp3, ogg, flac, avi, mp4, matroska, mpeg,
        advancedStream, animatedCursor,
    ]
}

extension StructureChecks {
    /// Packs of a transport stream (ISO 13818-1 section 2.4.3), or the first codes of the other kinds of stream.
    static func isMPEG(_ content: Span<UInt8>) -> Bool {
        if content.hasBytes([0, 0, 1, 0xBA], at: 0) || content.hasBytes([0, 0, 1, 0xB3], at: 0) { return true }
        return content.count >= 377 && content[0] == 0x47 && content[188] == 0x47 && content[376] == 0x47
    }

    /// Kilobits a second of layer III by their code, of version 1 and of the others.
    private static let rates: [[Int]] = [
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ]
    /// Samples a second by their code, of version 1, 2 and 2.5.
    private static let frequencies: [[Int]] = [
        [44_100, 48_000, 32_000], [22_050, 24_000, 16_000], [11_025, 12_000, 8000],
    ]

    /// Sound of layer III without a tag: two frames in a row (ISO 11172-3 section 2.4.1.3).
    static func isMP3(_ content: Span<UInt8>) -> Bool {
        guard let length = frame(content, at: 0) else { return false }
        return frame(content, at: length) != nil
    }

    /// Octets of the frame that begins here; nil when none does.
    private static func frame(_ content: Span<UInt8>, at start: Int) -> Int? {
        guard start <= content.count - 4, content[start] == 0xFF, content[start + 1] & 0xE6 == 0xE2 else { return nil }
        let version = Int(content[start + 1] >> 3 & 3)
        let (rate, frequency) = (Int(content[start + 2] >> 4), Int(content[start + 2] >> 2 & 3))
        guard version != 1, 1...14 ~= rate, frequency < 3 else { return nil }
        let isFirst = version == 3
        let bits = rates[isFirst ? 0 : 1][rate - 1] * 1000
        let samples = frequencies[isFirst ? 0 : version == 2 ? 1 : 2][frequency]
        return (isFirst ? 144 : 72) * bits / samples + Int(content[start + 2] >> 1 & 1)
    }

    static func isPaintbrush(_ content: Span<UInt8>) -> Bool {
        guard content.count >= 128, content[0] == 0x0A, content[1] <= 5, content[2] == 1,
            [1, 2, 4, 8].contains(content[3]), let left = content.littleEndian16(at: 4),
            let top = content.littleEndian16(at: 6), let right = content.littleEndian16(at: 8),
            let bottom = content.littleEndian16(at: 10)
        else { return false }
        return left <= right && top <= bottom && right < 16_384 && bottom < 16_384
    }

    /// A riff of this form.
    static func isRIFF(_ content: Span<UInt8>, _ form: StaticString) -> Bool {
        content.hasBytes("RIFF", at: 0) && content.hasBytes(form, at: 8)
    }
}
