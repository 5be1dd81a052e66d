internal import Inspector
internal import Linux

StandardDescriptors.occupy()
Zygote.main()
