/// Labels of charsets.
enum CharsetLabels {
    /// Charset of each label, in lower case.
    static let codings: [[UInt8]: CharsetCoding] = {
        var codings: [[UInt8]: CharsetCoding] = [:]
        for line in table.utf8.split(separator: 0x0A) {
            let words = line.split(separator: 0x20)
            guard let first = words.first, let coding = CharsetCoding(name: String(decoding: first, as: UTF8.self))
            else {
                continue
            }
            for word in words { codings[Array(word)] = coding }
        }
        return codings
    }()

    /// A line for each charset: its name, then further labels. Those of the WHATWG Encoding Standard, and those that
    /// only mail has.
    private static let table = """
        utf-8 65001 cp65001 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf8 utf8mb4 x-unicode20utf8
        ibm866 866 cp866 csibm866
        ibm437 437 cp437 cspc8codepage437
        ibm850 850 cp850 cspc850multilingual
        ibm852 852 cp852 cspcp852
        ibm858 858 ccsid00858 cp00858 cp858 csibm00858 ibm00858 pc-multilingual-850+euro
        iso-8859-2 cp28592 csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2
        iso-8859-3 cp28593 csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3
        iso-8859-4 cp28594 csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4
        iso-8859-5 cp28595 csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5
        iso-8859-5 iso_8859-5:1988
        iso-8859-6 arabic asmo-708 cp28596 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e
        iso-8859-6 iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987
        iso-8859-7 cp28597 csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7 iso88597
        iso-8859-7 iso_8859-7 iso_8859-7:1987 sun_eu_greek
        iso-8859-8 cp28598 csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8-e iso-8859-8-i
        iso-8859-8 iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 logical visual
        iso-8859-10 csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6
        iso-8859-13 cp28603 iso8859-13 iso885913
        iso-8859-14 iso8859-14 iso885914
        iso-8859-15 cp28605 csisolatin9 iso8859-15 iso885915 iso_8859-15 iso_8859_15 l9 latin-9 latin9
        iso-8859-16
        koi8-r cp20866 cskoi8r koi koi8 koi8_r koi8r
        koi8-u cp21866 koi8-ru
        macintosh cp10000 csmacintosh mac x-mac-roman
        windows-874 cp874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 x-windows-874
        windows-1250 1250 cp1250 win-1250 windows1250 x-cp1250
        windows-1251 1251 cp1251 win-1251 windows1251 x-cp1251
        windows-1252 1252 ansi ansi_x3.4-1968 ansi_x3.4-1986 ascii cp1252 cp20127 cp28591 cp367 cp819
        windows-1252 csisolatin1 ibm367 ibm819 iso-8859-1 iso-ir-100 iso646-us iso8859-1 iso88591
        windows-1252 iso_646.irv:1991 iso_8859-1 iso_8859-1:1987 iso_8859_1 l1 latin-1 latin1 us us-ascii
        windows-1252 win-1252 windows-28591 windows1252 x-cp1252
        windows-1253 1253 cp1253 win-1253 windows1253 x-cp1253
        windows-1254 1254 cp1254 cp28599 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9
        windows-1254 iso_8859-9:1989 l5 latin5 win-1254 windows1254 x-cp1254
        windows-1255 1255 cp1255 win-1255 windows1255 x-cp1255
        windows-1256 1256 cp1256 win-1256 windows1256 x-cp1256
        windows-1257 1257 cp1257 win-1257 windows1257 x-cp1257
        windows-1258 1258 cp1258 win-1258 windows1258 x-cp1258
        x-mac-cyrillic cp10007 x-mac-ukrainian
        gb18030 chinese cn-gb cp20936 cp54936 cp936 csgb2312 csiso58gb231280 euc-cn euccn gb2312 gb2312-80
        gb18030 gb_2312 gb_2312-80 gbk iso-ir-58 ms936 windows-936 x-euc-cn x-gbk
        hz-gb-2312 cp52936 hz hz-gb2312
        big5 big5-hkscs big5hkscs cn-big5 cp950 cp951 csbig5 ms950 windows-950 x-x-big5
        euc-jp cp20932 cp51932 cseucpkdfmtjapanese euc_jp eucjp ujis x-euc-jp
        iso-2022-jp cp50220 cp50221 cp50222 csiso2022jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-ms iso2022jp
        iso-2022-jp jis
        shift_jis cp932 csshiftjis ms932 ms_kanji s_jis shift-jis shiftjis sjis windows-31j windows-932
        shift_jis x-sjis
        euc-kr cp51949 cp949 cseuckr csksc56011987 euckr iso-ir-149 korean ks_c_5601 ks_c_5601-1987
        euc-kr ks_c_5601-1989 ksc5601 ksc_5601 ms949 uhc windows-949
        iso-2022-kr cp50225 csiso2022kr iso2022kr
        utf-16be cp1201 ucs-2be unicodefffe utf16be
        utf-16le cp1200 csunicode iso-10646-ucs-2 ucs-2 ucs-2le unicode unicodefeff utf-16 utf16 utf16le
        x-user-defined
        utf-32le cp12000 utf32le
        utf-32be cp12001 iso-10646-ucs-4 ucs-4 utf-32 utf32 utf32be
        utf-7 cp65000 csunicode11utf7 csutf7 unicode-1-1-utf-7 unicode-2-0-utf-7 utf7 x-unicode-2-0-utf-7
        iso-2022-cn cp50227 csiso2022cn iso-2022-cn-ext iso2022cn
        euc-tw cns11643 cseuctw euctw x-euc-tw
        """
}
