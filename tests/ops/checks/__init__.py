"""What must hold of `k8s/`, without a cluster. Each check is a function that yields what it minds, in words."""
