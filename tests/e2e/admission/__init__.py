"""Our manifests, judged by a real API server and its controllers."""
