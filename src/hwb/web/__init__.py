"""What all pages share: the frame, who may see what, the two languages, tables, forms, downloads."""
