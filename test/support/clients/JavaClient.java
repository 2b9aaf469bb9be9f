import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Speaks to a Daylong server with java.net.http as it is out of the box: with HTTP/2 preferred, so that each plain request asks
 * for an upgrade to h2c. Arguments: the server's URL, a token, the JSON of a message. Prints a line for each answer.
 */
public class JavaClient {
  public static void main(String[] arguments) throws Exception {
    String url = arguments[0];
    String token = arguments[1];
    HttpClient client = HttpClient.newHttpClient();

    HttpRequest health = HttpRequest.newBuilder(URI.create(url + "/health")).build();
    // The second goes over the connection of the first, if the server keeps it.
    for (int count = 0; count < 2; count += 1) print("GET /health", client.send(health, HttpResponse.BodyHandlers.ofString()));

    HttpRequest chat =
        HttpRequest.newBuilder(URI.create(url + "/api/chat"))
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .header("Prefer", "wait=30")
            .POST(HttpRequest.BodyPublishers.ofString(arguments[2]))
            .build();
    print("POST /api/chat", client.send(chat, HttpResponse.BodyHandlers.ofString()));

    CompletableFuture<String> first = new CompletableFuture<>();
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .header("Authorization", "Bearer " + token)
            .subprotocols("daylong.v1")
            .buildAsync(URI.create(url.replaceFirst("^http", "ws") + "/ws"), new FirstFrame(first))
            .join();
    socket.sendText("{\"type\":\"hello\"}", true);
    System.out.println("/ws " + first.get(30, TimeUnit.SECONDS));
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
  }

  private static void print(String what, HttpResponse<String> response) {
    System.out.println(what + " " + response.statusCode() + " " + response.body().replace("\n", " "));
  }

  private static class FirstFrame implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();
    private final CompletableFuture<String> whole;

    FirstFrame(CompletableFuture<String> whole) {
      this.whole = whole;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean isLast) {
      text.append(part);
      if (isLast) whole.complete(text.toString());
      socket.request(1);
      return null;
    }
  }
}
