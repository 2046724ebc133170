"""The kinds of workload, each as its slots see it, and the objects that the slots of a service share."""
