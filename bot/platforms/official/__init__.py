"""The WeChat Official Account (公众号): its pushes, its requests and its error codes."""
