"""The parts of a PowerPoint package as text: what Office Open XML (ECMA-376) asks of one slide with pictures."""

import re
from xml.sax.saxutils import escape

from multiplane.formats.plain_text import plain_text

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PROPERTIES = "docProps/custom.xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
NAMESPACES = (
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    f' xmlns:r="{OFFICE}/relationships"'
    ' xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
NO_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML has no way to write."""
KINDS = {
    "ppt/presentation.xml": "presentationml.presentation.main",
    "ppt/slides/slide1.xml": "presentationml.slide",
    "ppt/slideLayouts/slideLayout1.xml": "presentationml.slideLayout",
    "ppt/slideMasters/slideMaster1.xml": "presentationml.slideMaster",
    "ppt/theme/theme1.xml": "theme",
    PROPERTIES: "custom-properties",
}
CONTENTS = (
    f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="png" ContentType="image/png"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    + "".join(
        f'<Override PartName="/{name}" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>'
        for name, kind in KINDS.items()
    )
    + "</Types>"
)
GROUP = (
    '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm>'
    '<a:off x="0" y="0"/><a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>'
)
MASTER = (
    f'<p:sldMaster{NAMESPACES}><p:cSld><p:bg><p:bgRef idx="1001"><a:schemeClr val="bg1"/></p:bgRef></p:bg>'
    f"<p:spTree>{GROUP}</p:spTree></p:cSld>"
    '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3"'
    ' accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/>'
    '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst></p:sldMaster>'
)
LAYOUT = (
    f'<p:sldLayout{NAMESPACES} type="blank" preserve="1"><p:cSld name="Blank"><p:spTree>{GROUP}</p:spTree></p:cSld>'
    "<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>"
)


def relations(*targets: tuple[str, str]) -> str:
    """The relationships of a part: kinds and targets, numbered from rId1."""
    rows = (
        f'<Relationship Id="rId{number}" Type="{OFFICE}/relationships/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(rows)}</Relationships>'


def properties(description: str) -> str:
    """Custom properties: one, with what a .pptx has no words for."""
    return (
        f'<Properties xmlns="{OFFICE}/custom-properties" xmlns:vt="{OFFICE}/docPropsVTypes">'
        '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="multiplane">'
        f"<vt:lpwstr>{escape(description)}</vt:lpwstr></property></Properties>"
    )


def presentation(width: int, height: int) -> str:
    """A presentation of one slide, of a size in EMU."""
    return (
        f"<p:presentation{NAMESPACES}>"
        '<p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst>'
        f'<p:sldIdLst><p:sldId id="256" r:id="rId2"/></p:sldIdLst><p:sldSz cx="{width}" cy="{height}"/>'
        '<p:notesSz cx="6858000" cy="9144000"/></p:presentation>'
    )


def slide_with(shapes: str) -> str:
    """A slide with `shapes`, the first at the bottom."""
    return (
        f"<p:sld{NAMESPACES}><p:cSld><p:spTree>{GROUP}{shapes}</p:spTree></p:cSld>"
        "<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sld>"
    )


def picture(number: int, name: str, text: str, place: tuple[int, int, int, int]) -> str:
    """A picture shape: the relationship rId`number`, at x, y with width and height in EMU; `text` stands for it."""
    x, y, width, height = place
    return (
        f'<p:pic><p:nvPicPr><p:cNvPr id="{number}" name={_attribute(name)} descr={_attribute(text)}/>'
        '<p:cNvPicPr><a:picLocks noChangeAspect="1"/></p:cNvPicPr><p:nvPr/></p:nvPicPr>'
        f'<p:blipFill><a:blip r:embed="rId{number}"/><a:stretch><a:fillRect/></a:stretch></p:blipFill>'
        f'<p:spPr><a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr></p:pic>'
    )


def _attribute(text: str) -> str:
    """`text` as an XML attribute in quotes; what XML has no way to write becomes a question mark."""
    marks = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
    return f'"{escape(NO_CHARACTERS.sub("?", plain_text(text)), marks)}"'
