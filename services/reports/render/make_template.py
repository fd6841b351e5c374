"""Make `report.docx`, the text document that reports are written into: `python -m services.reports.render.make_template`.

The bureau may edit the result in Word. What stands in double braces and in `{%` is filled in; the paragraphs and rows that
begin with `{%p`, `{%tr` and `{%tc` repeat what stands between them, and vanish.
"""

import io
import sys
from datetime import datetime
from pathlib import Path

from docx import Document
from docx.document import Document as Template
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph

from services.reports.render.fixed_zip import with_fixed_dates

FILE = Path(__file__).with_name("report.docx")
FONT = "Noto Sans"
STYLES = {
    *("Normal", "DefaultParagraphFont", "TableNormal", "NoList", "TableGrid", "Header", "Footer"),
    *("Title", "Subtitle", "Heading1", "Caption"),
}
MADE = datetime(2020, 1, 1)  # noqa: DTZ001 - the file's own property has no zone
QUIET, INK = RGBColor(0x55, 0x5B, 0x66), RGBColor(0x1F, 0x24, 0x30)


def template() -> bytes:
    """Return the template; the same bytes every time."""
    document = Document()
    _style(document)
    _headers(document)
    _title(document)
    _sections(document)
    _signature(document)
    _leave_out_what_is_not_used(document)
    document.core_properties.author = "Kembar"
    document.core_properties.created = document.core_properties.modified = MADE
    file = io.BytesIO()
    document.save(file)
    return with_fixed_dates(file.getvalue())


def _style(document: Template) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.different_first_page_header_footer = True
    sizes = {"Normal": 10, "Title": 16, "Subtitle": 11, "Heading 1": 13, "Caption": 9}
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), INK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for which in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(which), FONT)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
            fonts.attrib.pop(qn(theme), None)


def _headers(document: Template) -> None:
    section = document.sections[0]
    section.header.paragraphs[0].text = "{{ home_name }} · {{ title }} · {{ period }}"
    for footer in (section.footer, section.first_page_footer):
        paragraph = footer.paragraphs[0]
        paragraph.add_run("{{ foot }} · {{ words.page }} ")
        _field(paragraph, "PAGE")
        paragraph.add_run(" {{ words.of }} ")
        _field(paragraph, "NUMPAGES")
    for part in (section.header, section.footer, section.first_page_footer):
        for run in part.paragraphs[0].runs:
            run.font.size, run.font.color.rgb = Pt(8), QUIET


def _title(document: Template) -> None:
    head = document.sections[0].first_page_header
    head.paragraphs[0].text = "{%p for line in letterhead %}"
    centred = head.add_paragraph()
    centred.alignment = WD_ALIGN_PARAGRAPH.CENTER
    centred.add_run("{{ line }}").bold = True
    head.add_paragraph("{%p endfor %}")
    document.add_paragraph("{{ title }}", "Title").alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph("{{ subtitle }}", "Subtitle").alignment = WD_ALIGN_PARAGRAPH.CENTER


def _sections(document: Template) -> None:
    document.add_paragraph("{%p for section in sections %}")
    document.add_paragraph("{{ section.heading }}", "Heading 1")
    document.add_paragraph("{%p for block in section.blocks %}")
    document.add_paragraph("{%p if block.type == 'paragraph' %}")
    document.add_paragraph("{%p for each in block.paragraphs %}")
    document.add_paragraph("{{ each }}")
    document.add_paragraph("{%p endfor %}")
    document.add_paragraph("{%p elif block.type == 'facts' %}")
    _facts(document)
    document.add_paragraph("{%p elif block.type == 'to_fill' %}")
    _to_fill(document)
    document.add_paragraph("{%p elif block.type == 'table' %}")
    _table(document)
    document.add_paragraph("{%p endif %}")
    document.add_paragraph("{%p endfor %}")
    document.add_paragraph("{%p endfor %}")


def _facts(document: Template) -> None:
    table = document.add_table(rows=3, cols=2)
    table.cell(0, 0).text = "{%tr for name, said in block.pairs %}"
    table.cell(1, 0).text, table.cell(1, 1).text = "{{ name }}", "{{ said }}"
    table.cell(2, 0).text = "{%tr endfor %}"
    for row in table.rows:
        row.cells[0].width, row.cells[1].width = Cm(5), Cm(11.6)
    document.add_paragraph()


def _to_fill(document: Template) -> None:
    """Add a label, and under it a content control: a field that Word shows as a place to write in."""
    document.add_paragraph().add_run("{{ block.label }}").bold = True
    control = parse_xml(
        f'<w:sdt {nsdecls("w")}><w:sdtPr><w:alias w:val="{{{{ block.label }}}}"/><w:tag w:val="{{{{ block.id }}}}"/>'
        '<w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:p><w:r><w:rPr><w:i/><w:highlight w:val="yellow"/></w:rPr>'
        "<w:t>[{{ block.hint }}]</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    document.element.body.insert(len(document.element.body) - 1, control)


def _table(document: Template) -> None:
    caption = document.add_paragraph("{{ block.caption }}", "Caption")
    caption.paragraph_format.keep_with_next = True
    table = document.add_table(rows=4, cols=3)
    table.style = "Table Grid"
    table.cell(0, 0).text = "{%tc for each in block.headings %}"
    table.cell(0, 1).paragraphs[0].add_run("{{ each }}").bold = True
    table.cell(0, 2).text = "{%tc endfor %}"
    _repeated(table)
    table.cell(1, 0).text = "{%tr for row in block.rows %}"
    table.cell(2, 0).text = "{%tc for said in row %}"
    table.cell(2, 1).text = "{{ said }}"
    table.cell(2, 2).text = "{%tc endfor %}"
    table.cell(3, 0).text = "{%tr endfor %}"
    for row in table.rows:
        for cell in row.cells:
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(8)
    document.add_paragraph("{%p for note in block.notes %}")
    document.add_paragraph("{{ note }}", "Caption")
    document.add_paragraph("{%p endfor %}")


def _repeated(table: Table) -> None:
    """Let the first row stand again at the top of each page."""
    properties = table.rows[0]._tr.get_or_add_trPr()
    properties.append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))


def _signature(document: Template) -> None:
    document.add_paragraph("{%p if signature %}")
    for said in ("{{ signed_at }}", "{%p for line in signature %}", "{{ line }}", "{%p endfor %}", "", "", "", ""):
        document.add_paragraph(said).paragraph_format.left_indent = Cm(9)
    document.add_paragraph("(…………………………………)").paragraph_format.left_indent = Cm(9)
    document.add_paragraph("{%p endif %}")


def _leave_out_what_is_not_used(document: Template) -> None:
    """Leave out styles, and parts beside the text, that come with every new document."""
    styles = document.styles.element
    for style in styles.findall(qn("w:style")):
        if style.get(qn("w:styleId")) not in STYLES:
            styles.remove(style)
    for owner in (document.part, document.part.package):
        for name, relation in list(owner.rels.items()):
            if relation.reltype.rpartition("/")[2] in ("stylesWithEffects", "thumbnail", "customXml", "webSettings"):
                del owner.rels[name]


def _field(paragraph: Paragraph, code: str) -> None:
    field = f'<w:fldSimple {nsdecls("w")} w:instr="{code}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    paragraph._p.append(parse_xml(field))


if __name__ == "__main__":
    FILE.write_bytes(template())
    sys.stdout.write(f"{FILE}\n")
