"""The page over HTTP: who may come in, how a request is read, what is answered."""
