internal import Glibc

/// Processor time of this process in seconds.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Most memory of this process so far, in kB.
func peakMemory() -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split {
            $0 == " " || $0 == "\t" || $0 == "\n"
        }
        if words.count > 1, words[0] == "VmHWM:" { return Int(words[1]) ?? 0 }
    }
    return 0
}

/// Octets that one child leaves for the next.
struct SharedFile {
    private let descriptor = tmpfile().map { fileno($0) } ?? -1

    func write(_ bytes: [UInt8]) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count <= 0 { return perror("mime-bench") }
            written += count
        }
    }

    func read() -> [UInt8] {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        return [UInt8](unsafeUninitializedCapacity: max(0, size)) { buffer, count in
            while count < size {
                let got = pread(descriptor, buffer.baseAddress?.advanced(by: count), size - count, count)
                if got <= 0 { return perror("mime-bench") }
                count += got
            }
            close(descriptor)
        }
    }
}

/// Runs `work` in a child, so that its memory and its crash are its own. True when the child ended well.
func inChild(_ work: () -> Void) -> Bool {
    let child = fork()
    guard child != 0 else {
        work()
        fflush(nil)
        _exit(0)
    }
    var status: Int32 = 0
    return child > 0 && waitpid(child, &status, 0) == child && status == 0
}

func write(line: String) {
    write(text: line + "\n")
}

/// Not buffered, since children write too.
func write(text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
}

func write(file path: String, _ bytes: [UInt8]) {
    guard let file = fopen(path, "w") else { return perror(path) }
    _ = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    fclose(file)
}

/// With that many digits behind the point.
func rounded(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let whole = Int((value * scale).rounded())
    if digits == 0 { return "\(whole)" }
    let fraction = "\(whole % Int(scale))"
    return "\(whole / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
}
