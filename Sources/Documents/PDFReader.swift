internal import Bytes
internal import Members

/// Reads PDF without its cross-reference table, which attackers break and readers repair: every object in the file and in
/// object streams is looked at, whether the table knows it or not, also those within other streams.
package struct PDFReader {
    /// How it is recognised, for documentation.
    package static let recognised =
        "`%PDF-` or `%!PS-Adobe-N.n PDF-` in the first 1,024 octets; or an object there, and `%%EOF` behind `startxref` or `trailer` in the last"

    private static let mark: StaticString = "%PDF-"

    /// What stands in the first octets of every such file, one or another.
    private static let beginnings = SequenceSet(["%PDF-", "%!PS-Adobe-", " obj"].map { Array($0.utf8) })

    /// Octets at the start in which readers take a head, and at the end in which they look for the last line.
    private static let headSize = 1_024

    /// Readers take the head anywhere at the start, also in the form `%!PS-Adobe-N.n PDF-M.m` (PDF Reference 1.7, appendix H,
    /// note 13); poppler, MuPDF and qpdf do without one where objects and the end are there.
    package static func matches(_ bytes: Span<UInt8>) -> Bool {
        let head = bytes.extracting(bytes.range(0, headSize + mark.utf8CodeUnitCount - 1))
        guard beginnings.firstPlace(in: head) != nil else { return false }
        if head.firstIndex(of: mark) != nil { return true }
        if let line = head.firstIndex(of: "%!PS-Adobe-"), let version = head.firstIndex(of: " PDF-", from: line),
            head.firstIndex(of: 0x0A, from: line) ?? head.count > version
        {
            return true
        }
        guard let object = head.firstIndex(of: " obj"), numbers(head, before: object + 1) != nil else { return false }
        let tail = bytes.extracting(max(0, bytes.count - headSize)..<bytes.count)
        return tail.firstIndex(of: "%%EOF") != nil
            && (tail.firstIndex(of: "startxref") != nil || tail.firstIndex(of: "trailer") != nil)
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        var reader = PDFReader(extraction, size: bytes.count)
        reader.scan(bytes)
        reader.findEnd(bytes)
        reader.findEncryption(bytes)
        reader.readObjectStreams(bytes)
        for index in reader.streams.indices { reader.settleEnd(of: index, bytes) }
        reader.lookAtValues(bytes)
        reader.handOnStreams(bytes)
    }

    /// Where the value of an object stands.
    struct Place {
        /// Index in `texts`; nil for the file itself.
        var text: Int?
        var offset: Int
        var number: Int
        var generation: Int
    }

    /// A stream and its dictionary.
    struct Stream {
        var dictionary: [String: PDFValue]
        var data: Range<Int>
        /// Where its data ends is known, as far as it can be.
        var isSettled = false
        var number: Int
        var generation: Int
    }

    let extraction: Extraction
    private var places: [Place] = []
    /// The last object of each number counts.
    private var last: [Int: Int] = [:]
    private var streams: [Stream] = []
    /// Object streams, decoded.
    private var texts: [[UInt8]] = []
    private var trailers: [[String: PDFValue]] = []
    private var encryption: PDFEncryption?
    /// Encrypted, and no password fits.
    private var isLocked = false
    /// Octets that may still be read again.
    private var workLeft: Int
    var actions = PDFActions()

    private init(_ extraction: Extraction, size: Int) {
        self.extraction = extraction
        let (work, isOver) = size.multipliedReportingOverflow(by: extraction.limits.rereading)
        workLeft = isOver ? Int.max : work + (1 << 20)
    }

    private mutating func work(_ octets: Int) -> Bool {
        workLeft -= min(octets, workLeft)
        if workLeft == 0 { extraction.stop(.objects) }
        return workLeft > 0
    }

    // MARK: Finding objects

    /// Objects begin with two numbers and `obj`.
    private mutating func scan(_ bytes: Span<UInt8>) {
        var from = 0
        var streamEnd = PDFStreamEnd()
        while let word = bytes.firstIndex(of: "obj", from: from) {
            from = word + 3
            guard let (number, generation) = Self.numbers(bytes, before: word), extraction.countItem() else {
                if extraction.isStopped { return }
                continue
            }
            last[number] = places.count
            places.append(Place(text: nil, offset: from, number: number, generation: generation))
            var parser = PDFParser(at: from, depthLimit: extraction.limits.depth)
            let value = parser.value(bytes)
            guard work(parser.at - from) else { return }
            if parser.isTooDeep { extraction.problem(.lists) }
            guard let dictionary = value?.dictionary, parser.skip("stream", bytes) else { continue }
            // What it says of its stream may not be all.
            if parser.isUnclosed { extraction.problem(.corrupt, "dictionary of a PDF stream") }
            let data = streamEnd.data(bytes, parser.at, dictionary["Length"]?.number)
            streams.append(Stream(dictionary: dictionary, data: data, number: number, generation: generation))
            if dictionary["Type"]?.name == "XRef" { trailers.append(dictionary) }
        }
        from = 0
        while let word = bytes.firstIndex(of: "trailer", from: from), extraction.countItem() {
            from = word + 7
            var parser = PDFParser(at: from, depthLimit: extraction.limits.depth)
            if let dictionary = parser.value(bytes)?.dictionary { trailers.append(dictionary) }
            guard work(parser.at - from) else { return }
        }
    }

    /// Finds the end of a stream whose length is an object of its own, which mostly stands behind it. One that lies leaves the data
    /// as it is, up to the next `endstream`.
    private mutating func settleEnd(of index: Int, _ bytes: Span<UInt8>) {
        let stream = streams[index]
        guard !stream.isSettled else { return }
        streams[index].isSettled = true
        let stated = stream.dictionary["Length"]
        guard stated?.number == nil else { return }
        var length: Int?
        if let object = stated?.reference.flatMap({ last[$0] }) {
            let (value, octets) = parsed(places[object], bytes)
            guard work(octets) else { return }
            length = value?.number
        }
        guard let length else {
            streams[index].data = PDFStreamEnd.withoutLineEnd(bytes, stream.data)
            return
        }
        let data = PDFStreamEnd.data(bytes, from: stream.data.lowerBound, length: length)
        streams[index].data = data ?? stream.data
    }

    /// Behind the last object of the file stands where its table is, or at least the mark of its end.
    private func findEnd(_ bytes: Span<UInt8>) {
        let last = places.last?.offset ?? 0
        if !extraction.isStopped, bytes.firstIndex(of: "startxref", from: last) == nil,
            bytes.firstIndex(of: "%%EOF", from: last) == nil
        {
            extraction.problem(.corrupt, "PDF document is cut off")
        }
    }

    /// The two numbers before `obj`, with any blanks.
    private static func numbers(_ bytes: Span<UInt8>, before word: Int) -> (Int, Int)? {
        var at = word
        var numbers: [Int] = []
        for _ in 0..<2 {
            let end = at
            while at > 0, bytes[at - 1] <= 0x20, end - at < 64 { at -= 1 }
            if numbers.count == 1, at == end { return nil }
            let last = at
            var value = 0
            var scale = 1
            while at > 0, bytes[at - 1] >= 0x30, bytes[at - 1] <= 0x39, last - at < 10 {
                value += Int(bytes[at - 1] - 0x30) * scale
                scale *= 10
                at -= 1
            }
            guard at < last else { return nil }
            numbers.append(value)
        }
        return (numbers[1], numbers[0])
    }

    // MARK: Values

    /// What a reference stands for; at most a few steps.
    func resolve(_ value: PDFValue, _ bytes: Span<UInt8>) -> PDFValue {
        var value = value
        for _ in 0..<8 {
            guard let number = value.reference else { return value }
            guard let index = last[number], let found = self.value(places[index], bytes) else { return .other }
            value = found
        }
        return .other
    }

    private func value(_ place: Place, _ bytes: Span<UInt8>) -> PDFValue? {
        parsed(place, bytes).value
    }

    /// A value, and how many octets were read for it.
    private func parsed(_ place: Place, _ bytes: Span<UInt8>) -> (value: PDFValue?, octets: Int) {
        var parser = PDFParser(at: place.offset, depthLimit: extraction.limits.depth)
        let value: PDFValue?
        if let index = place.text {
            let text = texts[index]
            value = parser.value(text.span)
        } else {
            value = parser.value(bytes)
        }
        return (value, parser.at - place.offset)
    }

    private mutating func findEncryption(_ bytes: Span<UInt8>) {
        var passwords = PasswordTries(wellKnown: [[]], extraction.options)
        for trailer in trailers {
            guard let entry = trailer["Encrypt"], let dictionary = resolve(entry, bytes).dictionary else { continue }
            var resolved = dictionary
            for (key, value) in dictionary where value.reference != nil { resolved[key] = resolve(value, bytes) }
            let identifier = resolve(trailer["ID"] ?? .other, bytes).elements.first?.string ?? []
            guard let opened = PDFEncryption.open(resolved, identifier: identifier, &passwords) else {
                continue
            }
            encryption = opened
            extraction.report(passwords)
            if let source = opened.source { extraction.opened(with: source) }
            if !opened.isProved { extraction.problem(.encrypted, Self.what) }
            return
        }
        guard trailers.contains(where: { $0["Encrypt"].map { resolve($0, bytes).dictionary != nil } == true }) else {
            return
        }
        isLocked = true
        extraction.report(passwords)
        extraction.problem(.encrypted, Self.what)
    }

    /// Objects in object streams (ISO 32000-2 section 7.5.7): numbers and offsets, then the values.
    private mutating func readObjectStreams(_ bytes: Span<UInt8>) {
        for index in streams.indices where streams[index].dictionary["Type"]?.name == "ObjStm" && !extraction.isStopped
        {
            settleEnd(of: index, bytes)
            let stream = streams[index]
            let result = decoded(stream, bytes)
            let content = result.content
            if result.limitReached { extraction.stop(.bufferedOctets) }
            if content.isEmpty, !stream.data.isEmpty, !isLocked {
                extraction.problem(.corrupt, "object stream of the PDF")
            }
            let first = resolve(stream.dictionary["First"] ?? .other, bytes).number ?? 0
            let count = resolve(stream.dictionary["N"] ?? .other, bytes).number ?? 0
            var parser = PDFParser(at: 0, depthLimit: 1)
            for _ in 0..<max(0, count) {
                guard let number = parser.value(content.span)?.number, let offset = parser.value(content.span)?.number,
                    offset >= 0, offset <= content.count - first, first >= 0, extraction.countItem()
                else { break }
                last[number] = places.count
                places.append(Place(text: texts.count, offset: first + offset, number: number, generation: 0))
            }
            texts.append(content)
        }
    }

    private mutating func lookAtValues(_ bytes: Span<UInt8>) {
        for trailer in trailers { actions.look(at: .dictionary(trailer), extraction) { $0 } }
        for index in places.indices where !extraction.isStopped {
            let place = places[index]
            let (value, octets) = parsed(place, bytes)
            guard work(octets) else { return }
            guard let value else { continue }
            let encryption = place.text == nil ? encryption : nil
            // Texts that cannot be decrypted say nothing.
            let isLocked = isLocked
            actions.look(at: value, extraction) { string in
                isLocked
                    ? []
                    : encryption?.decryptString(string, number: place.number, generation: place.generation) ?? string
            }
        }
        for number in actions.forms {
            guard let index = last[number], let value = value(places[index], bytes) else { continue }
            actions.addForms(value)
        }
        // Scripts that are objects of their own.
        for number in actions.scripts.sorted() where !isLocked {
            guard let index = last[number], let string = value(places[index], bytes)?.string else { continue }
            let isPlain = places[index].text != nil
            actions.script(
                isPlain
                    ? string
                    : encryption?.decryptString(
                        string, number: number, generation: places[index].generation) ?? string,
                extraction)
        }
    }

    // MARK: Streams

    private func filters(_ stream: Stream, _ bytes: Span<UInt8>) -> PDFFilters {
        PDFFilters(stream.dictionary) { resolve($0, bytes) }
    }

    private mutating func decoded(_ stream: Stream, _ bytes: Span<UInt8>, limit: Int? = nil) -> PDFFilters.Result {
        guard work(stream.data.count) else { return PDFFilters.Result(content: []) }
        let room = limit ?? extraction.bufferRoom
        let filters = filters(stream, bytes)
        let data = bytes.extracting(stream.data)
        var result: PDFFilters.Result
        if let encryption {
            let plain = encryption.decrypt(data, of: stream, cryptFilter: filters.cryptFilter)
            result = filters.decode(plain.span, limit: room)
            if filters.isPlain { result.content = plain }
        } else {
            result = filters.decode(data, limit: room)
            if filters.isPlain { result.content = data.extracting(data.range(0, room)).array }
        }
        extraction.charge(result.content.count)
        return result
    }

    private mutating func handOnStreams(_ bytes: Span<UInt8>) {
        for stream in streams {
            guard !extraction.isStopped else { return }
            let names = actions.names[stream.number] ?? []
            let kind = stream.dictionary["Type"]?.name
            if kind == "EmbeddedFile" || actions.names[stream.number] != nil {
                hand(stream, .file, names, bytes)
            } else if actions.scripts.contains(stream.number) {
                extraction.fact(.javaScript)
                hand(stream, .script, names, bytes)
            } else if actions.forms.contains(stream.number) {
                hand(stream, .form, names, bytes)
            } else if kind != "ObjStm", kind != "XRef" {
                // Whatever it says to be: files are carried in pages and images too.
                var head = decoded(stream, bytes, limit: FileSignature.length).content
                if let count = ProgramHeader.wanted(head.span) { head = decoded(stream, bytes, limit: count).content }
                if FileSignature.isFile(head.span) { hand(stream, .file, names, bytes) }
            }
        }
    }

    private mutating func hand(_ stream: Stream, _ role: DocumentRole, _ names: [[UInt8]], _ bytes: Span<UInt8>) {
        var role = role
        if encryption?.source != nil { role.flags.formUnion([.decrypted, .guessed]) }
        if encryption == nil, !isLocked, filters(stream, bytes).isPlain {
            extraction.member(role, names: names, range: stream.data)
            return
        }
        // Some writers leave out the checksum at the end; then the size tells whether all is there.
        let size = stream.dictionary["Params"]?.dictionary?["Size"]?.number
        let filters = filters(stream, bytes)
        if !isLocked, filters.isDeflated, work(stream.data.count) {
            let data = bytes.extracting(stream.data)
            if let encryption {
                let plain = encryption.decrypt(data, of: stream, cryptFilter: filters.cryptFilter)
                if PDFFilters.hasHead(plain.span) {
                    return extraction.inflatedMember(
                        role, names: names, plain.span, stated: size, Self.damagedStream)
                }
            } else if PDFFilters.hasHead(data) {
                return extraction.inflatedMember(role, names: names, data, stated: size, Self.damagedStream)
            }
        }
        let result = decoded(stream, bytes)
        if isLocked, result.isDamaged || filters.isPlain {
            extraction.encryptedMember(names: names)
            return
        }
        extraction.member(role, names: names, result.content.span)
        if result.isDamaged, result.content.count != size { extraction.problem(.corrupt, Self.damagedStream) }
        if result.isUnsupported { extraction.problem(.unsupported, "filter of a PDF stream") }
        if result.limitReached { extraction.stop(.filters) }
    }

    private static let what = "PDF document"
    private static let damagedStream = "stream of the PDF"
}
