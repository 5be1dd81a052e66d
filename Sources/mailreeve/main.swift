print("mailreeve")
