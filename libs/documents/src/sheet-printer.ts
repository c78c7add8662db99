import type { Sheet, SheetRow, SheetTotal } from './domain/sheet.js';
import { wrapped } from './domain/wrapped.js';
import type { FontName } from './fonts.js';

/** A4 in points, and the box that is printed on. */
const PAGE = { width: 595.28, left: 56, right: 539, top: 52, bottom: 772, footer: 792 };
/** Right edge of each column of numbers, and the widths of the columns with text. */
const COLUMNS = { quantity: 330, unitPrice: 405, tax: 460, amount: PAGE.right };
const DESCRIPTION_WIDTH = 205;
const PARTY_WIDTH = 250;
const FACTS_LEFT = 330;
const FACT_WIDTH = 85;
const TOTALS_LEFT = 300;
const TOTAL_WIDTH = 150;

interface Style {
  font: FontName;
  size: number;
  color: string;
  leading: number;
}

const INK = '#1a1a1a';
const GREY = '#5f6368';
const TITLE: Style = { font: 'bold', size: 18, color: INK, leading: 26 };
const STRONG: Style = { font: 'bold', size: 9, color: INK, leading: 13 };
const NORMAL: Style = { font: 'regular', size: 9, color: INK, leading: 13 };
const HEAD: Style = { font: 'bold', size: 8, color: GREY, leading: 13 };
const DETAIL: Style = { font: 'regular', size: 7.5, color: GREY, leading: 10.5 };
const ROW_GAP = 5;
const CARRY_HEIGHT = 18;

/** One line of text of a row. */
interface RowLine {
  text: string;
  style: Style;
}

/** Prints a sheet on pages. Heads of the table are repeated, and the sum so far is carried from page to page. */
export class SheetPrinter {
  private y = PAGE.top;

  constructor(
    private readonly pdf: PDFKit.PDFDocument,
    private readonly sheet: Sheet,
  ) {}

  print(): void {
    this.printHead();
    this.printTable();
    this.printTotals();
    this.printNotes();
    this.printFooters();
  }

  private printHead(): void {
    const { title, seller, billTo, buyer, facts } = this.sheet;
    this.write(title, PAGE.left, TITLE);
    this.y += TITLE.leading + 8;
    const top = this.y;
    const [name = '', ...address] = seller;
    this.writeLines([name], STRONG);
    this.writeLines(address, NORMAL);
    this.y += 12;
    this.writeLines([billTo], HEAD);
    this.writeLines(buyer, NORMAL);
    const bottom = this.y;
    this.y = top;
    for (const [label, value] of facts) this.printFact(label, value);
    this.y = Math.max(this.y, bottom) + 22;
  }

  private printFact(label: string, value: string): void {
    this.write(label, FACTS_LEFT, HEAD);
    const left = FACTS_LEFT + FACT_WIDTH;
    for (const line of this.wrap(value, PAGE.right - left, NORMAL)) {
      this.write(line, left, NORMAL);
      this.y += NORMAL.leading;
    }
  }

  private printTable(): void {
    this.printColumns();
    let carried: string | null = null;
    for (const row of this.sheet.rows) {
      const lines = this.linesOf(row);
      const height = heightOf(lines);
      const isTall = height > PAGE.bottom - PAGE.top - 2 * CARRY_HEIGHT;
      if (!isTall && this.y + height + CARRY_HEIGHT > PAGE.bottom) this.breakTable(carried);
      this.writeNumbers(row, NORMAL);
      carried = row.carried;
      for (const { text, style } of lines) {
        if (this.y + style.leading + CARRY_HEIGHT > PAGE.bottom) this.breakTable(carried);
        this.write(text, PAGE.left, style);
        this.y += style.leading;
      }
      this.y += ROW_GAP;
    }
    this.rule();
  }

  private printColumns(): void {
    const { columns } = this.sheet;
    this.write(columns.description, PAGE.left, HEAD);
    this.writeNumbers(columns, HEAD);
    this.y += HEAD.leading + 1;
    this.rule();
    this.y += 6;
  }

  /** Continues the table on a new page. @param carried the sum so far; null before the first row */
  private breakTable(carried: string | null): void {
    const { carriedForward, broughtForward } = this.sheet;
    if (carried !== null) this.printCarry(carriedForward, carried);
    this.newPage();
    this.printColumns();
    if (carried !== null) this.printCarry(broughtForward, carried);
  }

  private printCarry(label: string, amount: string): void {
    this.write(label, PAGE.left, STRONG);
    this.writeRight(amount, COLUMNS.amount, STRONG);
    this.y += CARRY_HEIGHT;
  }

  private linesOf({ description, details }: SheetRow): RowLine[] {
    const styled = (text: string, style: Style): RowLine[] =>
      this.wrap(text, DESCRIPTION_WIDTH, style).map((line) => ({ text: line, style }));
    return [...styled(description, NORMAL), ...details.flatMap((detail) => styled(detail, DETAIL))];
  }

  private writeNumbers(
    { quantity, unitPrice, tax, amount }: Omit<SheetRow, 'details' | 'carried' | 'description'>,
    style: Style,
  ): void {
    this.writeRight(quantity, COLUMNS.quantity, style);
    this.writeRight(unitPrice, COLUMNS.unitPrice, style);
    this.writeRight(tax, COLUMNS.tax, style);
    this.writeRight(amount, COLUMNS.amount, style);
  }

  private printTotals(): void {
    this.y += 8;
    for (const total of this.sheet.totals) this.printTotal(total);
  }

  private printTotal({ label, value, strong }: SheetTotal): void {
    const style = strong ? STRONG : NORMAL;
    const lines = this.wrap(label, TOTAL_WIDTH, style);
    this.reserve(lines.length * style.leading + 3);
    this.writeRight(value, COLUMNS.amount, style);
    for (const line of lines) {
      this.write(line, TOTALS_LEFT, style);
      this.y += style.leading;
    }
    this.y += strong ? 5 : 2;
  }

  private printNotes(): void {
    this.y += 18;
    for (const note of this.sheet.notes) this.writeLines([note], NORMAL, PAGE.right - PAGE.left);
  }

  /** The pages are known only at the end. */
  private printFooters(): void {
    const { count } = this.pdf.bufferedPageRange();
    for (let page = 0; page < count; page++) {
      this.pdf.switchToPage(page);
      this.y = PAGE.footer;
      const [footer = ''] = this.wrap(this.sheet.footer, PAGE.right - PAGE.left - 90, DETAIL);
      this.write(footer, PAGE.left, DETAIL);
      this.writeRight(this.sheet.page(page + 1, count), PAGE.right, DETAIL);
    }
  }

  private writeLines(texts: string[], style: Style, width = PARTY_WIDTH): void {
    for (const line of texts.flatMap((text) => this.wrap(text, width, style))) {
      this.reserve(style.leading);
      this.write(line, PAGE.left, style);
      this.y += style.leading;
    }
  }

  /** Begins a new page when less than this height is left. */
  private reserve(height: number): void {
    if (this.y + height > PAGE.bottom) this.newPage();
  }

  private newPage(): void {
    this.pdf.addPage();
    this.y = PAGE.top;
  }

  private rule(): void {
    this.pdf.moveTo(PAGE.left, this.y).lineTo(PAGE.right, this.y).lineWidth(0.5).strokeColor('#c4c7c5').stroke();
  }

  private wrap(text: string, width: number, style: Style): string[] {
    this.pdf.font(style.font, style.size);
    return wrapped(text, width, (part) => this.pdf.widthOfString(part));
  }

  private write(text: string, x: number, { font, size, color }: Style): void {
    if (text !== '') this.pdf.font(font, size).fillColor(color).text(text, x, this.y, { lineBreak: false });
  }

  private writeRight(text: string, right: number, style: Style): void {
    if (text !== '') this.write(text, right - this.pdf.font(style.font, style.size).widthOfString(text), style);
  }
}

const heightOf = (lines: RowLine[]): number => lines.reduce((sum, { style }) => sum + style.leading, ROW_GAP);
