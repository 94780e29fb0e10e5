"""PDFs made by hand, byte for byte, so that a test sees what is in them."""


def pdf(
    *, version: str = "1.7", trailer: str = "", body: bytes = b"", stream: bool = False
) -> bytes:
    """A one-page PDF. `trailer` goes into its trailer, `body` before its objects.

    With `stream` the table of objects is a stream, as PDF 1.5 and later have it.
    """
    objects = (
        b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
        b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n",
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n",
    )
    data = f"%PDF-{version}\n%\xe2\xe3\xcf\xd3\n".encode("latin-1") + body
    places: list[int] = []
    for one in objects:
        places.append(len(data))
        data += one
    table = len(data)
    fields = f"/Size {len(objects) + 1} /Root 1 0 R {trailer}".strip()
    if stream:
        rows = bytes(3) + b"".join(b"\1" + place.to_bytes(2, "big") for place in places)
        fields = f"/Type /XRef /W [1 2 0] {fields} /Length {len(rows)}"
        data += f"4 0 obj\n<< {fields} >>\nstream\n".encode() + rows + b"\nendstream\nendobj\n"
    else:
        data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
        data += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
        data += f"trailer\n<< {fields} >>\n".encode()
    return data + f"startxref\n{table}\n%%EOF\n".encode()
