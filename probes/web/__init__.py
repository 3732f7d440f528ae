"""Pages, WebSockets and health reports over HTTP."""
