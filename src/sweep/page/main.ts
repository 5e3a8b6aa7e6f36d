import { element } from "../../report/page/dom.ts";
import { setUpTheme } from "../../report/page/theme.ts";

setUpTheme();
document.getElementById("page")!.append(element("h1", { text: "Sweep" }));
