// A Java program as the legacy API has them: HttpClient out, DOM in. Usage: java ApiPhp.java http://127.0.0.1:8080

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

public class ApiPhp {
    static final HttpClient CLIENT = HttpClient.newHttpClient();
    static String address;

    static byte[] post(Map<String, String> fields) throws Exception {
        var form = new LinkedHashMap<>(Map.of("login_email", "admin@acme.example", "login_password", "correct horse"));
        form.putAll(fields);
        var body = form.entrySet().stream()
            .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
        var request = HttpRequest.newBuilder(URI.create(address + "/api.php"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(body));
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofByteArray()).body();
    }

    static void same(String what, Object expected, Object found) {
        if (!expected.equals(found)) {
            throw new AssertionError("java: " + what + " is " + found + " and not " + expected);
        }
    }

    public static void main(String[] arguments) throws Exception {
        address = arguments[0];
        String[] kinds = {"lead", "opportunity", "customer", "archive", "person", "event", "message"};
        int read = 0;
        for (String kind : kinds) {
            String name = "Zo\u00eb java " + kind + " - Smith & <Sons>";
            var record = new LinkedHashMap<>(Map.of(
                "name", name, "title", name, "email", kind + "@java.example", "address", "1 Main St\nSuite 5",
                "value", "$1,234.50", "probability", "25%", "year", "2026", "month", "5", "day", "8",
                "body", "Gr\u00fc\u00dfe & <b>"));
            record.put("create", kind);
            same("the answer to create=" + kind, "Success", new String(post(record), StandardCharsets.UTF_8));
            byte[] xml = post(Map.of("get", kind, "search", "java " + kind));
            var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(xml));
            var found = document.getDocumentElement().getElementsByTagName(kind);
            same("the number of each " + kind, 1, found.getLength());
            Map<String, String> expected = switch (kind) {
                case "event" -> Map.of("date", "May 8th", "title", name);
                case "message" -> Map.of("title", name, "body", "Gr\u00fc\u00dfe & <b>");
                case "person" -> Map.of("name", name, "address", "1 Main St\nSuite 5");
                default -> Map.of("name", name, "value", "1234.5000", "probability", "0.2500");
            };
            for (var element : expected.entrySet()) {
                var text = ((Element) found.item(0)).getElementsByTagName(element.getKey()).item(0).getTextContent();
                same(element.getKey(), element.getValue(), text);
            }
            read++;
        }
        System.out.printf("java %s: %d created, %d read back with DOM%n", System.getProperty("java.version"), kinds.length, read);
    }
}
