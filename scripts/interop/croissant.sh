# Croissant metadata, with the loader of its authors
install mlcroissant==1.1.1
python scripts/interop/croissant_check.py "$PLACE/work"
