"""The WeCom server API, one module per chapter of its documents."""
