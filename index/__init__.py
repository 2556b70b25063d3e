"""Search over the passages of a duty list: tokens, BM25, encoder, FAISS, the saved index."""
