"""Files and folders on a local disk or in an object store, with atomic writes."""
